import { z } from 'zod';
import { keyStatuses } from '#tool';

const time = z.iso.datetime();

export const Restrictions = z.strictObject({
  tools: z.array(z.string().min(1).max(64)).max(200).optional().describe('Only these tools.'),
  workspace_ids: z
    .array(z.string().min(1).max(200))
    .max(200)
    .optional()
    .describe('Only calls that name one of these workspaces.'),
  addresses: z
    .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
    .max(200)
    .optional()
    .describe('Only from these addresses or CIDRs.'),
});

/** A key on the wire, without its secret. Times are ISO 8601 in UTC. */
export const Key = z.object({
  id: z.string(),
  organization_id: z.string().nullable().describe('Null for a host key.'),
  name: z.string(),
  prefix: z.string().describe('Shown in listings and in the audit; not a secret.'),
  scope_type: z.enum(['global', 'user', 'host', 'workspace']),
  user_id: z.string().nullable(),
  scopes: z.array(z.string()),
  scope_source: z.enum(['canonical', 'canonical+extra', 'explicit']),
  canonical_version: z.int().nullable(),
  restrictions: Restrictions.nullable(),
  is_default: z.boolean(),
  owner: z.string(),
  purpose: z.string().nullable(),
  created_by: z.string(),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  status: z.enum(keyStatuses),
  revoked_at: time.nullable(),
  revoked_by: z.string().nullable(),
  replaced_by: z.string().nullable(),
  replaces: z.string().nullable(),
  grace_until: time.nullable(),
});
