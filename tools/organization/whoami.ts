import { z } from 'zod';
import { defineTool, isoTimeOrNull } from '#tool';

export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description: 'Shows the organisation, the key and the scopes that this connection acts with.',
  scope: 'any',
  effect: 'reads',
  rest: 'GET /v1/whoami',
  input: z.strictObject({}),
  output: z.object({
    organization: z.object({ organization_id: z.string(), name: z.string() }),
    key: z
      .object({
        key_id: z.string(),
        prefix: z.string(),
        name: z.string(),
        scope_type: z.enum(['global', 'user', 'host', 'workspace']),
        expires_at: z.iso.datetime().nullable(),
      })
      .nullable()
      .describe('Null for a caller without a key.'),
    user_id: z.string().nullable(),
    scopes: z.array(z.string()),
    canonical_version: z.int().nullable().describe('The canonical set that the key was made with, if any.'),
  }),
  async handle(_input, { me }) {
    return {
      organization: { organization_id: me.organization.id, name: me.organization.name },
      key: me.key && {
        key_id: me.key.id,
        prefix: me.key.prefix,
        name: me.key.name,
        scope_type: me.key.scopeType,
        expires_at: isoTimeOrNull(me.key.expiresAtMs),
      },
      user_id: me.userId,
      scopes: [...me.scopes],
      canonical_version: me.key?.canonicalVersion ?? null,
    };
  },
});
