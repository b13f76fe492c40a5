import { z } from 'zod';
import { memberRoles } from '#tool';

/** A person as a member of the organisation. */
export const Member = z.object({
  user_id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(memberRoles),
  active: z.boolean(),
  created_at: z.iso.datetime().describe('When the person became a member.'),
});

export const userId = z.string().min(1).max(64).describe('The id of the person, usr_…');

export const role = z
  .enum(memberRoles)
  .describe('An admin holds every permission; a member those of their groups.');
