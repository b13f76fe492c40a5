import type { AuditSlot, Speaker } from '../audit/audit-slot.ts';
import { freezeCaller } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { Organization } from '../organization.ts';
import type { OrganizationStore } from '../provisioning/organization-store.ts';
import type { Catalogue } from '../scopes/scopes.ts';
import type { Secret } from '../secret.ts';
import type { Identified, Presented } from './identify.ts';
import { attemptedMismatch, namedOrganizations, requireNamed } from './organization-signals.ts';
import { headerValues } from './raw-headers.ts';

export type OperatorDeps = {
  readonly adminToken: Secret;
  readonly organizations: Pick<OrganizationStore, 'get'>;
  readonly catalogue: Catalogue;
};

const operator: Speaker = {
  tier: 'admin-token',
  organizationId: null,
  keyId: null,
  keyPrefix: null,
  createdBy: null,
};

/**
 * The operator, managing the organisation that the request names, with every scope there is. On the surfaces of
 * data the token counts for nothing: whoever holds it must not be able to read what tenants keep.
 *
 * @throws INVALID_TOKEN, ADMIN_TOKEN_NOT_ALLOWED, ORGANIZATION_REQUIRED, ORGANIZATION_MISMATCH, VALIDATION_ERROR
 * (no reason given), ORGANIZATION_SUSPENDED
 */
export async function identifyAdmin(
  credential: string,
  presented: Presented,
  slot: AuditSlot,
  deps: OperatorDeps,
): Promise<Identified> {
  requireAdminToken(credential, slot, deps);
  if (presented.surface !== 'management') throw new AppError('ADMIN_TOKEN_NOT_ALLOWED');
  const named = requireNamed(presented);
  const organization = await deps.organizations.get(named);
  if (organization === undefined || organization.status === 'deleted') throw attemptedMismatch(named, slot);
  slot.learn({ reason: requireReason(presented) });
  const caller = callerFor(organization, deps.catalogue);
  slot.learn({ caller });
  if (organization.status === 'suspended') throw new AppError('ORGANIZATION_SUSPENDED');
  return { caller, endOfLifeMs: null, stillValid: async () => true };
}

/** The operator, on `/admin`. @throws INVALID_TOKEN, ORGANIZATION_MISMATCH, VALIDATION_ERROR (no reason given) */
export function identifyOperator(
  credential: string,
  presented: Presented,
  pathOrganization: string | undefined,
  slot: AuditSlot,
  deps: OperatorDeps,
): void {
  requireAdminToken(credential, slot, deps);
  for (const named of namedOrganizations(presented)) {
    if (pathOrganization !== undefined && named !== pathOrganization) throw attemptedMismatch(named, slot);
  }
  slot.learn({ reason: requireReason(presented) });
}

function requireAdminToken(credential: string, slot: AuditSlot, { adminToken }: OperatorDeps): void {
  if (!adminToken.matches(credential)) {
    throw new AppError('INVALID_TOKEN', { detail: { reason: 'malformed' } });
  }
  slot.learn({ known: operator });
}

const REASON_HEADER = 'x-break-glass-reason';
const LONGEST_REASON = 200;

/** Whoever breaks the glass says why: the organisation concerned can read it in its audit. */
function requireReason({ rawHeaders }: Presented): string {
  const [bytes = '', ...more] = headerValues(rawHeaders, REASON_HEADER);
  // Node reads headers as Latin-1; people write in UTF-8.
  const reason = Buffer.from(bytes, 'latin1').toString('utf8').trim();
  if (reason !== '' && reason.length <= LONGEST_REASON && more.length === 0) return reason;
  throw new AppError('VALIDATION_ERROR', {
    message: `X-Break-Glass-Reason: expected one line of 1 to ${LONGEST_REASON} characters with ADMIN_TOKEN`,
  });
}

const callerFor = ({ id, name, externalId }: Organization, { scopes }: Catalogue) =>
  freezeCaller({
    tier: 'admin-token',
    organization: { id, name, externalId },
    key: null,
    userId: null,
    isAdmin: true,
    scopes: [...scopes],
  });
