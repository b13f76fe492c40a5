import { z } from 'zod';
import { graces } from '#tool';
import { Key } from './key.ts';

const time = z.iso.datetime().nullable();

/** The fields of a rotation, for every type of key. */
export const rotateFields = {
  key_id: z.string().min(1).max(64).describe('The id of the key to replace, key_…'),
  grace: z
    .enum(graces)
    .optional()
    .describe(
      'How long the old key stays valid, for calls but not to manage keys: 24h when left out, never past its own expiry; 0 revokes it.',
    ),
  scopes: z
    .array(z.string().min(1).max(130))
    .max(100)
    .optional()
    .describe('Narrows on purpose: only these of the scopes that the key has.'),
  drop_scopes: z.boolean().optional().describe('Accepts that the replacement lacks scopes of the old key.'),
};

export const Rotated = z.object({
  key: Key,
  auth_token: z.string().describe('The plaintext of the replacement; shown this once.'),
  warning: z.string(),
  replaced: z.object({
    key_id: z.string(),
    prefix: z.string(),
    grace_until: time,
    last_used_at: time,
    last_client: z.string().nullable().describe('Who still uses the old key, as it named itself.'),
  }),
});
