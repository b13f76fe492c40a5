import { z } from 'zod';
import { plainText } from '#tool';

/** A permission group of the organisation. */
export const Group = z.object({
  group_id: z.string(),
  name: z.string(),
  permissions: z.array(z.string()),
  members: z.array(z.string()).describe('The ids of its people.'),
  created_at: z.iso.datetime(),
});

export const groupId = z.string().min(1).max(64).describe('The id of the group, grp_…');
export const userId = z.string().min(1).max(64).describe('The id of a member, usr_…');
export const groupName = plainText(100).describe('Unique in the organisation.');

export const permissions = z
  .array(plainText(100))
  .max(100)
  .describe(
    'What its people may do, in the words of the permission map; a word that it lacks grants nothing.',
  );
