import { z } from 'zod';
import { defineTool, graces, isoTimeOrNull, keepItWarning, keyToWire } from '#tool';
import { Key } from './key.ts';

const time = z.iso.datetime().nullable();

export const rotateKey = defineTool({
  name: 'rotate_key',
  title: 'Rotate a key',
  description:
    'Replaces a key without downtime: returns the plaintext of its replacement once, and keeps the old key valid for a while. ' +
    'A canonical key gets the canonical set of now; where scopes would be lost it refuses and names them, unless drop_scopes is true.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'POST /v1/keys/{key_id}/rotate',
  creates: true,
  input: z.strictObject({
    key_id: z.string().min(1).max(64).describe('The id of the key to replace, key_…'),
    grace: z
      .enum(graces)
      .optional()
      .describe('How long the old key stays valid: 24h when left out, never past its own expiry.'),
    scopes: z
      .array(z.string().min(1).max(130))
      .max(100)
      .optional()
      .describe('Narrows on purpose: only these of the scopes that the key has.'),
    drop_scopes: z.boolean().optional().describe('Accepts that the replacement lacks scopes of the old key.'),
  }),
  output: z.object({
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
  }),
  async handle({ key_id, grace, scopes, drop_scopes }, { keys }) {
    const { key, plaintext, old } = await keys.rotate(key_id, { grace, scopes, dropScopes: drop_scopes });
    return {
      key: keyToWire(key),
      auth_token: plaintext,
      warning: keepItWarning,
      replaced: {
        key_id: old.id,
        prefix: old.prefix,
        grace_until: isoTimeOrNull(old.graceUntilMs),
        last_used_at: isoTimeOrNull(old.lastUsedAtMs),
        last_client: old.lastClient,
      },
    };
  },
});
