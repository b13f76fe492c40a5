import type { AuditEvent } from '../audit/audit-event.ts';
import { isoTime } from './print.ts';

/** A row of the trail as it is exported: with its hash, so that the chain can be checked without the store. */
export function auditJson(event: AuditEvent) {
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

/** A row that somebody changed in the store may hold anything; it is shown as it stands. */
function parsedChange(change: string | null): unknown {
  if (change === null) return null;
  try {
    return JSON.parse(change);
  } catch {
    return change;
  }
}
