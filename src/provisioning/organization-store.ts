import type { AuditRow } from '../audit/audit-event.ts';
import type { OrganizationId } from '../ids.ts';
import type { NewKey } from '../keys/key-store.ts';
import type { Organization, OrganizationStatus } from '../organization.ts';
import type { CanonicalSet, Scope } from '../scopes/scopes.ts';

/** An organisation and the keys it is born with; the very first has one that manages it. */
export type NewOrganization = {
  readonly organization: Organization;
  readonly defaultKey: NewKey;
  readonly managerKey?: NewKey;
};

export type OrganizationStore = {
  /**
   * Creates the organisation and its default key together. Where the external id is taken, answers the
   * organisation that has it and changes nothing.
   */
  provision(
    externalId: string | null,
    make: (canon: CanonicalSet) => NewOrganization,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<{ readonly organization: Organization; readonly created: boolean }>;
  /** Whether the store has never held a key; once it has, it never says so again. */
  isBootstrapOpen(): Promise<boolean>;
  /** Creates the first organisation. @throws BOOTSTRAP_CLOSED where the store has ever held a key */
  bootstrap(
    make: (canon: CanonicalSet) => NewOrganization,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<Organization>;
  get(organizationId: OrganizationId): Promise<Organization | undefined>;
  list(): Promise<readonly Organization[]>;
  /** Undefined for an unknown or deleted organisation. `deleted` revokes every key in the same transaction. */
  setStatus(
    organizationId: OrganizationId,
    status: OrganizationStatus,
    nowMs: number,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<Organization | undefined>;
  /** The canonical set of now; a set that differs from the last one becomes a new version. */
  settleCanon(scopes: readonly Scope[], nowMs: number): Promise<CanonicalSet>;
  canon(): Promise<CanonicalSet>;
};
