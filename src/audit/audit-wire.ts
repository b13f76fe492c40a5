import { isoTime } from '../time.ts';
import type { AuditEvent } from './audit-event.ts';

/** A row as the outside sees it; its hash lets an export be checked without the store. */
export function auditToWire(event: AuditEvent) {
  return {
    seq: event.seq,
    hash: event.hash,
    kind: event.kind,
    at: isoTime(event.at),
    request_id: event.requestId,
    organization_id: event.organizationId,
    tier: event.tier,
    key_id: event.keyId,
    key_prefix: event.keyPrefix,
    user_id: event.userId,
    created_by: event.createdBy,
    on_behalf_of: event.onBehalfOf,
    method: event.method,
    target: event.target,
    tool: event.tool,
    status: event.status,
    error_code: event.errorCode,
    duration_ms: event.durationMs,
    client_address: event.clientAddress,
    client_name: event.clientName,
    era: event.era,
    change: parsedChange(event.change),
  };
}

/** A row that somebody changed in the store may hold anything; it is shown as it is. */
function parsedChange(change: string | null): Record<string, unknown> | null {
  if (change === null) return null;
  try {
    const value: unknown = JSON.parse(change);
    return typeof value === 'object' ? { ...value } : { unreadable: change };
  } catch {
    return { unreadable: change };
  }
}
