import { z } from 'zod';
import { defineTool } from '#tool';
import { keepItWarning } from './mint-key.ts';
import { MintedOrgToken, toOrgToken } from './org-token.ts';

export const createOrgToken = defineTool({
  name: 'create_org_token',
  title: 'Create an organisation token',
  description:
    'Makes a key that belongs to the organisation, with the canonical scopes; shows its plaintext once.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'POST /org/tokens',
  faces: 'rest',
  creates: true,
  secret: true,
  input: z.strictObject({ name: z.string().trim().min(1).max(100).describe('What people call the token.') }),
  output: MintedOrgToken,
  async handle({ name }, { keys }) {
    const { key, plaintext } = await keys.mint({ scopeType: 'global', name });
    return { ...toOrgToken(key), auth_token: plaintext, warning: keepItWarning };
  },
});
