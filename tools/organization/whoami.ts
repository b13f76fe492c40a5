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
    key: z.object({
      key_id: z.string(),
      prefix: z.string(),
      name: z.string(),
      scope_type: z.enum(['global', 'user', 'host']),
      expires_at: z.iso.datetime().nullable(),
    }),
    user_id: z.string().nullable(),
    scopes: z.array(z.string()),
    canonical_version: z.int().nullable().describe('The canonical set that the key was made with, if any.'),
  }),
  async handle(_input, { me }) {
    const { id, prefix, name, scopeType, expiresAtMs, canonicalVersion } = me.key;
    return {
      organization: { organization_id: me.organization.id, name: me.organization.name },
      key: {
        key_id: id,
        prefix,
        name,
        scope_type: scopeType,
        expires_at: isoTimeOrNull(expiresAtMs),
      },
      user_id: me.userId,
      scopes: [...me.scopes],
      canonical_version: canonicalVersion,
    };
  },
});
