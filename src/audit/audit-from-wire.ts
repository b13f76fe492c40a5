import { z } from 'zod';
import { isoTime } from '../time.ts';
import type { AuditEvent } from './audit-event.ts';

const text = z.string().nullable();

const WireRow = z.strictObject({
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.string(),
  at: z.iso.datetime(),
  request_id: z.string(),
  organization_id: text,
  tier: z.string(),
  key_id: text,
  key_prefix: text,
  user_id: text,
  created_by: text,
  on_behalf_of: text,
  method: z.string(),
  target: z.string(),
  tool: text,
  status: z.int(),
  error_code: text,
  duration_ms: z.int(),
  client_address: text,
  client_name: text,
  era: text,
  change: z.unknown(),
});

/** The row that an export wrote, so that its hash can be held against it; undefined for what is none. */
export function auditFromWire(value: unknown): AuditEvent | undefined {
  const { data: row } = WireRow.safeParse(value);
  if (row === undefined) return undefined;
  const at = Date.parse(row.at);
  if (isoTime(at) !== row.at) return undefined;
  // Any kind, tier or era is accepted: an invalid one gives another hash.
  return {
    seq: row.seq,
    hash: row.hash,
    kind: row.kind,
    at,
    requestId: row.request_id,
    organizationId: row.organization_id,
    tier: row.tier,
    keyId: row.key_id,
    keyPrefix: row.key_prefix,
    userId: row.user_id,
    createdBy: row.created_by,
    onBehalfOf: row.on_behalf_of,
    method: row.method,
    target: row.target,
    tool: row.tool,
    status: row.status,
    errorCode: row.error_code,
    durationMs: row.duration_ms,
    clientAddress: row.client_address,
    clientName: row.client_name,
    era: row.era,
    change: row.change === null ? null : JSON.stringify(row.change),
  } as AuditEvent;
}
