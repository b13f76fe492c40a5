import type { AuditRow } from '../audit/audit-event.ts';
import type { RowOfChange } from '../audit/mutate.ts';
import { AppError } from '../errors.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import {
  noSuchOrganization,
  type Organization,
  type OrganizationStatus,
  requireOrganizationId,
} from '../organization.ts';
import { isoTime } from '../time.ts';
import type { OrganizationPage, OrganizationStore } from './organization-store.ts';
import { type Provisioned, provisionOrganization } from './provision.ts';

/** The operator, on either surface, and how a change is audited. */
export type OrganizationAccess = {
  readonly actorName: 'cli' | 'admin-token';
  readonly mutate: <T>(
    verb: OrganizationVerb | 'create',
    write: (row: RowOfChange) => Promise<T>,
  ) => Promise<T>;
};

export type ManageOrganizationsDeps = {
  readonly organizations: OrganizationStore;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** The status after each change. `deleted` is final. */
const organizationChanges = {
  suspend: 'suspended',
  resume: 'active',
  delete: 'deleted',
} as const satisfies Record<string, OrganizationStatus>;
export type OrganizationVerb = keyof typeof organizationChanges;

/** All organisations. Only for the operator. */
export type ManagedOrganizations = {
  /**
   * Creates an organisation with its default key; returns the existing one when the external id is taken.
   *
   * @throws VALIDATION_ERROR for an external id that is malformed, or that belongs to a deleted organisation
   */
  create(name: string, externalId: string | null): Promise<Provisioned>;
  list(page: OrganizationPage): Promise<readonly Organization[]>;
  /**
   * One organisation.
   *
   * @throws NOT_FOUND for an unknown or malformed id
   */
  get(organizationId: string): Promise<Organization>;
  /**
   * Changes an organisation's status.
   *
   * @throws NOT_FOUND for an unknown, malformed or deleted organisation
   */
  change(organizationId: string, verb: OrganizationVerb): Promise<Organization>;
};

export function manageOrganizations(
  access: OrganizationAccess,
  deps: ManageOrganizationsDeps,
): ManagedOrganizations {
  const mutate = <T>(
    verb: OrganizationVerb | 'create',
    write: (row: (organization: Organization) => AuditRow) => Promise<T>,
  ) => access.mutate(verb, (row) => write(({ id, status }) => row({ organization: id, status }, id)));
  return {
    async create(name, externalId) {
      const request = { name, externalId, createdBy: access.actorName };
      const provisioned = await mutate('create', (row) => provisionOrganization(request, row, deps));
      if (provisioned.organization.status !== 'deleted') return provisioned;
      const { id } = provisioned.organization;
      throw new AppError('VALIDATION_ERROR', {
        message: `external_id: belongs to the deleted organisation ${id}, and is never used again`,
      });
    },
    list: (page) => deps.organizations.list(page),
    async get(text) {
      const id = requireOrganizationId(text);
      const found = await deps.organizations.get(id);
      if (found === undefined) throw noSuchOrganization(id);
      return found;
    },
    async change(text, verb) {
      const id = requireOrganizationId(text);
      const status = organizationChanges[verb];
      const changed = await mutate(verb, (row) => deps.organizations.setStatus(id, status, deps.now(), row));
      if (changed === undefined) throw noSuchOrganization(id);
      return changed;
    },
  };
}

/** An organisation on the wire, for the operator. */
export const organizationToWire = ({ id, name, externalId, status, createdAtMs }: Organization) => ({
  organization_id: id,
  name,
  external_id: externalId,
  status,
  created_at: isoTime(createdAtMs),
});
