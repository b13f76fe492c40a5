import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import { newOrganizationId } from '../ids.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import { makeKey } from '../keys/new-key.ts';
import type { Organization } from '../organization.ts';
import type { CanonicalSet } from '../scopes/scopes.ts';
import type { OrganizationStore } from './organization-store.ts';

export type Provisioned = {
  readonly organization: Organization;
  /** The default key's plaintext, shown by this call alone; null where the organisation was there already. */
  readonly defaultKey: string | null;
};

type ProvisionRequest = {
  readonly name: string;
  readonly externalId: string | null;
  readonly createdBy: string;
};

type ProvisionDeps = {
  readonly organizations: OrganizationStore;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** Creates an organisation with its default key, in one transaction; idempotent on the external id. */
export async function provisionOrganization(
  request: ProvisionRequest,
  auditRow: (organization: Organization) => AuditRow,
  deps: ProvisionDeps,
): Promise<Provisioned> {
  requireExternalId(request.externalId);
  const nowMs = deps.now();
  let plaintext: string | null = null;
  const make = (canon: CanonicalSet) => {
    const made = newOrganization(request, canon, deps.format, nowMs);
    plaintext = made.defaultKey.plaintext;
    return made;
  };
  const { organization, created } = await deps.organizations.provision(request.externalId, make, auditRow);
  return { organization, defaultKey: created ? plaintext : null };
}

/** An active organisation, and its default key with the canonical set of now. */
export function newOrganization(
  { name, externalId, createdBy }: ProvisionRequest,
  canon: CanonicalSet,
  format: KeyFormat,
  nowMs: number,
) {
  const id = newOrganizationId(nowMs);
  const defaultKey = makeKey(
    id,
    {
      name: 'Default key',
      scopeType: 'global',
      scopes: canon.scopes,
      scopeSource: 'canonical',
      canonicalVersion: canon.version,
      owner: 'operator',
      createdBy,
      expiresAtMs: null,
      isDefault: true,
    },
    format,
    nowMs,
  );
  const organization: Organization = { id, name, externalId, status: 'active', createdAtMs: nowMs };
  return { organization, defaultKey };
}

/**
 * The platform is told `externalId ?? id`: an external id in the form of ours could name another organisation.
 *
 * @throws VALIDATION_ERROR
 */
function requireExternalId(externalId: string | null): void {
  if (externalId === null) return;
  if (/^[\x20-\x7e]{1,200}$/.test(externalId) && !/^\s*org_/i.test(externalId)) return;
  throw new AppError('VALIDATION_ERROR', {
    message: 'external_id: expected 1 to 200 printable ASCII characters that do not start with "org_"',
  });
}
