import { z } from 'zod';
import { defineTool, mintedToWire, requireMintRole } from '#tool';
import { Minted, mintFields, toMintRequest } from './minting.ts';

export const mintKey = defineTool({
  name: 'mint_key',
  title: 'Mint a key',
  description:
    'Makes a new key for the organisation and returns its plaintext once. Without scopes it carries the canonical set; nobody grants a scope that they do not hold.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'POST /v1/keys',
  creates: true,
  input: z.strictObject({
    scope_type: z
      .enum(['global', 'user'])
      .describe('"global": the key belongs to the organisation; "user": to one of its members.'),
    user_id: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The member, usr_…, whose key a user-bound one is; the caller when left out.'),
    ...mintFields,
  }),
  output: Minted,
  precheck: ({ scope_type, user_id }, me) => requireMintRole(scope_type, user_id, me),
  async handle({ scope_type, user_id, ...input }, { keys }) {
    const request = { ...toMintRequest(input), scopeType: scope_type, userId: user_id };
    return mintedToWire(await keys.mint(request));
  },
});
