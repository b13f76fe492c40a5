import { z } from 'zod';
import { defineTool, keepItWarning, keyToWire, requireMintRole } from '#tool';
import { Key, Restrictions } from './key.ts';

const scopes = z.array(z.string().min(1).max(130)).max(100);

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
    name: z.string().trim().min(1).max(100).describe('What people call the key.'),
    scopes: scopes.optional().describe('Exactly these scopes; an empty list allows nothing.'),
    additional_scopes: scopes.optional().describe('The canonical set and these.'),
    owner: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .optional()
      .describe('The person or team that answers for the key.'),
    purpose: z.string().trim().min(1).max(500).optional().describe('What the key is for.'),
    expires_in_days: z
      .union([z.int().min(1).max(3650), z.literal('never')])
      .optional()
      .describe('Days until it expires, or "never"; the configured lifetime when left out.'),
    restrictions: Restrictions.optional().describe('Narrows the key further than its scopes.'),
  }),
  output: z.object({
    key: Key,
    auth_token: z.string().describe('The plaintext; shown this once.'),
    warning: z.string(),
  }),
  precheck: ({ scope_type, user_id }, me) => requireMintRole(scope_type, user_id, me),
  async handle(input, { keys }) {
    const { key, plaintext } = await keys.mint({
      scopeType: input.scope_type,
      userId: input.user_id,
      name: input.name,
      scopes: input.scopes,
      additionalScopes: input.additional_scopes,
      owner: input.owner,
      purpose: input.purpose,
      expiresInDays: input.expires_in_days,
      restrictions: input.restrictions,
    });
    return { key: keyToWire(key), auth_token: plaintext, warning: keepItWarning };
  },
});
