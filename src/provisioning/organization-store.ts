import type { AuditRow } from '../audit/audit-event.ts';
import type { OrganizationId } from '../ids.ts';
import type { NewKey } from '../keys/key-store.ts';
import type { Organization, OrganizationStatus } from '../organization.ts';
import type { CanonicalSet, Scope } from '../scopes/scopes.ts';

/** An organisation with its default key. Only the first one of a store also has a manager key. */
export type NewOrganization = {
  readonly organization: Organization;
  readonly defaultKey: NewKey;
  readonly managerKey?: NewKey;
};

/** Oldest first; `afterId` is where the previous page ended. */
export type OrganizationPage = { readonly limit: number; readonly afterId?: string | undefined };

/** Organisations at rest. A method is one atomic operation; a mutation and its audit row commit together. */
export type OrganizationStore = {
  /**
   * Creates the organisation and its default key together. When the external id is taken, in any case, returns its
   * organisation and changes nothing.
   */
  provision(
    externalId: string | null,
    make: (canon: CanonicalSet) => NewOrganization,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<{ readonly organization: Organization; readonly created: boolean }>;
  /** Whether the store has never held a key. Once false, it stays false. */
  isBootstrapOpen(): Promise<boolean>;
  /**
   * Creates the first organisation.
   *
   * @throws BOOTSTRAP_CLOSED when the store has ever held a key
   */
  bootstrap(
    make: (canon: CanonicalSet) => NewOrganization,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<Organization>;
  get(organizationId: OrganizationId): Promise<Organization | undefined>;
  /** Deleted ones too. */
  list(page: OrganizationPage): Promise<readonly Organization[]>;
  /**
   * Undefined for an unknown or deleted organisation. An unchanged status writes nothing and is not audited. `deleted`
   * revokes every key in the same transaction.
   */
  setStatus(
    organizationId: OrganizationId,
    status: OrganizationStatus,
    nowMs: number,
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<Organization | undefined>;
  /** The current canonical set. If `scopes` differ from the last version, they become a new one. */
  ensureCanonicalSet(scopes: readonly Scope[], nowMs: number): Promise<CanonicalSet>;
  canon(): Promise<CanonicalSet>;
};
