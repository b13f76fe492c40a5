import { type Attribution, attributedTo } from '../../attribution.ts';
import { AppError } from '../../errors.ts';
import type { Organization } from '../../organization.ts';
import { attributionOf, freezePrincipal, operatorBy, type TenantPrincipal } from '../../principal.ts';
import type { OrganizationStore } from '../../provisioning/organization-store.ts';
import type { Catalogue } from '../../scopes/scopes.ts';
import { isKeyShaped } from '../../secrets/key-pattern.ts';
import { expectedPlainText, plainText } from '../../secrets/plain-text.ts';
import type { Secret } from '../../secrets/secret.ts';
import {
  attemptedMismatch,
  namedOrganizations,
  refusalOfOrganization,
  requireExisting,
  requireNamed,
  requireNotSuspended,
} from '../organization-signals.ts';
import { headerValues } from '../raw-headers.ts';
import type { Identified, Presented, Scheme } from './scheme.ts';

export type AdminTokenDeps = {
  readonly adminToken: Secret;
  readonly organizations: Pick<OrganizationStore, 'get'>;
  readonly catalogue: Catalogue;
};

const operator = attributedTo('admin-token');

/**
 * The operator, by ADMIN_TOKEN. On `/admin` the operator acts on organisations. On the management surface the operator
 * acts within the organisation that the request names, with every scope. On data surfaces the token is refused, so that
 * it cannot read what tenants keep.
 *
 * @throws INVALID_TOKEN, ADMIN_TOKEN_NOT_ALLOWED, ORGANIZATION_REQUIRED, ORGANIZATION_MISMATCH, ORGANIZATION_SUSPENDED
 * @throws VALIDATION_ERROR when the request gives no reason
 */
export const adminToken = (deps: AdminTokenDeps): Scheme => ({
  claims: (_surface, credential) => credential !== undefined && !isKeyShaped(credential),
  async identify(presented, credential) {
    if (!deps.adminToken.matches(credential)) {
      throw new AppError('INVALID_TOKEN', { detail: { reason: 'malformed' } });
    }
    if (presented.surface === 'admin') return identifyOnAdmin(presented);
    if (presented.surface === 'management') return identifyWithin(presented, deps);
    throw new AppError('ADMIN_TOKEN_NOT_ALLOWED', { attribution: operator });
  },
});

/** The path may name the organisation; a header may only repeat it. */
function identifyOnAdmin(presented: Presented): Identified {
  const { adminOrganization } = presented;
  for (const named of namedOrganizations(presented, operator)) {
    if (adminOrganization !== undefined && named !== adminOrganization)
      throw attemptedMismatch(named, operator);
  }
  const attribution = { ...operator, breakGlassReason: requireReason(presented) };
  const refusalNow = async () => undefined;
  return { principal: operatorBy('admin-token'), attribution, endOfLifeMs: null, refusalNow };
}

async function identifyWithin(presented: Presented, deps: AdminTokenDeps): Promise<Identified> {
  const named = requireNamed(presented, operator);
  const organization = requireExisting(await deps.organizations.get(named), named, operator);
  const principal = actingIn(organization, deps.catalogue);
  const attribution: Attribution = {
    ...attributionOf(principal),
    breakGlassReason: requireReason(presented),
  };
  requireNotSuspended(organization, attribution);
  // The token cannot expire while the process runs, so only the organisation is checked again.
  const refusalNow = async () => refusalOfOrganization(await deps.organizations.get(organization.id));
  return { principal, attribution, endOfLifeMs: null, refusalNow };
}

const REASON_HEADER = 'x-break-glass-reason';
const LONGEST_REASON = 200;

/** Requires the reason for using ADMIN_TOKEN. The organisation can read it in its audit. */
function requireReason({ rawHeaders }: Presented): string {
  const [bytes = '', ...more] = headerValues(rawHeaders, REASON_HEADER);
  // Node decodes header bytes as Latin-1; clients send UTF-8.
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const reason = plainText(LONGEST_REASON).safeParse(text);
  if (reason.success && more.length === 0) return reason.data;
  throw new AppError('VALIDATION_ERROR', {
    message: `X-Break-Glass-Reason: with ADMIN_TOKEN, ${expectedPlainText(text, LONGEST_REASON)}`,
    attribution: operator,
  });
}

const actingIn = ({ id, name, externalId }: Organization, { scopes }: Catalogue): TenantPrincipal =>
  freezePrincipal({
    ...operatorBy('admin-token'),
    organization: { id, name, externalId },
    scopes: [...scopes],
  });
