import { z } from 'zod';
import { defineTool, keyToWire } from '#tool';
import { Key } from './key.ts';

export const getKey = defineTool({
  name: 'get_key',
  title: 'Get a key',
  description: 'Shows one key of the organisation, without its secret.',
  scope: 'key:read',
  effect: 'reads',
  rest: 'GET /v1/keys/{key_id}',
  input: z.strictObject({ key_id: z.string().min(1).max(64).describe('The id of the key, key_…') }),
  output: z.object({ key: Key }),
  handle: async ({ key_id }, { keys }) => ({ key: keyToWire(await keys.get(key_id)) }),
});
