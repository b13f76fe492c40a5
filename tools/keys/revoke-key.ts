import { z } from 'zod';
import { defineTool, keyToWire } from '#tool';
import { Key } from './key.ts';

export const revokeKey = defineTool({
  name: 'revoke_key',
  title: 'Revoke a key',
  description:
    'Ends a key at once: its next request is refused. Answers the live keys that it created, which stay as they are.',
  scope: 'key:write',
  effect: 'destroys',
  rest: 'DELETE /v1/keys/{key_id}',
  input: z.strictObject({ key_id: z.string().min(1).max(64).describe('The id of the key, key_…') }),
  output: z.object({ key: Key, created_keys: z.array(Key) }),
  async handle({ key_id }, { keys }) {
    const { key, createdKeys } = await keys.revoke(key_id);
    return { key: keyToWire(key), created_keys: createdKeys.map(keyToWire) };
  },
});
