import type { AuditFilter, AuditPage, AuditTrail, ListedEvent } from '../../audit/audit-trail.ts';
import type { TenantPrincipal } from '../../principal.ts';

/** The organisation's own rows, to read. */
export type BoundAudit = { list(filter: AuditFilter, page: AuditPage): Promise<readonly ListedEvent[]> };

export function bindAudit(trail: AuditTrail, principal: TenantPrincipal): BoundAudit {
  return { list: (filter, page) => trail.list(principal.organization.id, filter, page) };
}
