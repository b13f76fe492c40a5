import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import { isoTime } from '../iso-time.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import {
  noSuchOrganization,
  type Organization,
  type OrganizationStatus,
  requireOrganizationId,
} from '../organization.ts';
import type { OrganizationStore } from './organization-store.ts';
import { type Provisioned, provisionOrganization } from './provision.ts';

/** The operator, wherever they speak from, and how what they do is written down. */
export type OperatorAuthor = {
  readonly name: 'cli' | 'admin-token';
  /** `verb` is a word such as `suspend`. */
  readonly row: (
    verb: string,
    organizationId: OrganizationId,
    change: Readonly<Record<string, unknown>>,
  ) => AuditRow;
  /** Told once a row is committed; a change that changes nothing writes none. */
  readonly committed: () => void;
};

export type ManageOrganizationsDeps = {
  readonly organizations: OrganizationStore;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** What may be done to an organisation, and what it is afterwards. `deleted` is for good. */
export const organizationChanges = {
  suspend: 'suspended',
  resume: 'active',
  delete: 'deleted',
} as const satisfies Record<string, OrganizationStatus>;
export type OrganizationVerb = keyof typeof organizationChanges;

/** Every organisation, for the operator alone. */
export type ManagedOrganizations = {
  /** @throws VALIDATION_ERROR for an external id that is malformed, or belonged to a deleted organisation */
  create(name: string, externalId: string | null): Promise<Provisioned>;
  list(): Promise<readonly Organization[]>;
  /** @throws NOT_FOUND for an unknown or malformed id */
  get(organizationId: string): Promise<Organization>;
  /** @throws NOT_FOUND for an unknown, malformed or deleted organisation */
  change(organizationId: string, verb: OrganizationVerb): Promise<Organization>;
};

export function manageOrganizations(
  author: OperatorAuthor,
  deps: ManageOrganizationsDeps,
): ManagedOrganizations {
  const row = (verb: string, { id, status }: Organization) =>
    author.row(verb, id, { organization: id, status });
  return {
    async create(name, externalId) {
      const request = { name, externalId, createdBy: author.name };
      const provisioned = await provisionOrganization(request, (made) => row('create', made), deps);
      if (provisioned.defaultKey !== null) author.committed();
      if (provisioned.organization.status !== 'deleted') return provisioned;
      const { id } = provisioned.organization;
      throw new AppError('VALIDATION_ERROR', {
        message: `external_id: belongs to the deleted organisation ${id}, and is never used again`,
      });
    },
    list: () => deps.organizations.list(),
    async get(text) {
      const id = requireOrganizationId(text);
      const found = await deps.organizations.get(id);
      if (found === undefined) throw noSuchOrganization(id);
      return found;
    },
    async change(text, verb) {
      const id = requireOrganizationId(text);
      const status = organizationChanges[verb];
      const changed = await deps.organizations.setStatus(id, status, deps.now(), (now) => row(verb, now));
      if (changed === undefined) throw noSuchOrganization(id);
      author.committed();
      return changed;
    },
  };
}

/** An organisation as the operator sees it. */
export const organizationToWire = ({ id, name, externalId, status, createdAtMs }: Organization) => ({
  organization_id: id,
  name,
  external_id: externalId,
  status,
  created_at: isoTime(createdAtMs),
});
