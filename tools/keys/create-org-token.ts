import { z } from 'zod';
import { defineTool, keepItWarning, keyToWire, plainText } from '#tool';
import { Key } from './key.ts';

export const createOrgToken = defineTool({
  name: 'create_org_token',
  title: 'Create an organisation token',
  description:
    'Makes a key that belongs to the organisation, with the canonical scopes; shows its plaintext once.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'POST /org/tokens',
  protocol: 'rest',
  creates: true,
  input: z.strictObject({ name: plainText(100).describe('What people call the token.') }),
  output: Key.extend({ auth_token: z.string(), warning: z.string() }),
  async handle({ name }, { keys }) {
    const { key, plaintext } = await keys.mint({ scopeType: 'global', name });
    return { ...keyToWire(key), auth_token: plaintext, warning: keepItWarning };
  },
});
