import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import { newOrganizationId } from '../ids.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import { makeKey } from '../keys/policy/new-key.ts';
import type { Organization } from '../organization.ts';
import type { CanonicalSet } from '../scopes/scopes.ts';
import { requirePlainTexts } from '../secrets/plain-text.ts';
import type { OrganizationStore } from './organization-store.ts';

export type Provisioned = {
  readonly organization: Organization;
  /** The plaintext of the default key, returned only by this call; null when the organisation existed already. */
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

/**
 * Creates an organisation and its default key in one transaction. Idempotent by external id.
 *
 * @throws VALIDATION_ERROR
 */
export async function provisionOrganization(
  request: ProvisionRequest,
  auditRow: (organization: Organization) => AuditRow,
  deps: ProvisionDeps,
): Promise<Provisioned> {
  requirePlainTexts({ name: request.name });
  requireExternalId(request.externalId);
  const nowMs = deps.now();
  let plaintext: string | null = null;
  const make = (canon: CanonicalSet) => {
    const made = newOrganization(request, canon, deps.format, nowMs);
    plaintext = made.defaultKey.plaintext;
    return made;
  };
  const { organization, created } = await deps.organizations.provision(request.externalId, make, auditRow);
  requireSameCase(organization, request.externalId);
  return { organization, defaultKey: created ? plaintext : null };
}

/** A new, active organisation. Its default key gets the current canonical set. */
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

/** Printable ASCII. Blanks at the ends are excluded, because headers lose them. */
export const externalIdForm = /^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$/;
export const EXTERNAL_ID = '1 to 200 printable ASCII characters without blanks at the ends';

/**
 * The platform receives `externalId ?? id`: an external id in the form of our ids could name another organisation.
 *
 * @throws VALIDATION_ERROR
 */
function requireExternalId(externalId: string | null): void {
  if (externalId === null) return;
  if (externalIdForm.test(externalId) && !/^org_/i.test(externalId)) return;
  throw new AppError('VALIDATION_ERROR', {
    message: `external_id: expected ${EXTERNAL_ID} that do not start with "org_"`,
  });
}

/**
 * Many platforms treat `ACME` and `acme` as the same id.
 *
 * @throws VALIDATION_ERROR for an external id that differs from an existing one only in case
 */
function requireSameCase({ id, externalId }: Organization, asked: string | null): void {
  if (externalId === asked) return;
  throw new AppError('VALIDATION_ERROR', {
    message: `external_id: differs from "${externalId}" of ${id} in its case alone; expected exactly that one, or another`,
  });
}
