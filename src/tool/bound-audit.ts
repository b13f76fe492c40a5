import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuditFilter, AuditPage, AuditTrail } from '../audit/audit-trail.ts';
import type { Caller } from '../caller.ts';

/** The organisation's own rows, to read. */
export type BoundAudit = { list(filter: AuditFilter, page: AuditPage): Promise<readonly AuditEvent[]> };

export function bindAudit(trail: AuditTrail, caller: Caller): BoundAudit {
  return { list: (filter, page) => trail.list(caller.organization.id, filter, page) };
}
