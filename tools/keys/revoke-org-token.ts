import { z } from 'zod';
import { defineTool, keyToWire } from '#tool';
import { Key } from './key.ts';

export const revokeOrgToken = defineTool({
  name: 'revoke_org_token',
  title: 'Revoke an organisation token',
  description: 'Ends a key of the organisation at once.',
  scope: 'key:write',
  effect: 'destroys',
  rest: 'DELETE /org/tokens/{id}',
  protocol: 'rest',
  input: z.strictObject({ id: z.string().min(1).max(64).describe('The id of the token, key_…') }),
  output: Key,
  handle: async ({ id }, { keys }) => keyToWire((await keys.revoke(id)).key),
});
