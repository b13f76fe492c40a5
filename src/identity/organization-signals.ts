import type { Attribution } from '../attribution.ts';
import { AppError } from '../errors.ts';
import { type OrganizationId, parseOrganizationId } from '../ids.ts';
import type { Organization } from '../organization.ts';
import { headerValues, type RawHeaders } from './raw-headers.ts';
import type { Surface } from './surface.ts';

/** Where a request names its organisation, besides the credential. Signals select; they never grant. */
export type OrganizationSignals = {
  readonly rawHeaders: RawHeaders;
  /** Name of the header, in lower case. */
  readonly headerName: string;
  /** The organisation in `/o/{organization_id}/mcp`, as sent; undefined on other paths. */
  readonly urlSegment: string | undefined;
};

/**
 * The organisations that the request names: one per signal. `attribution` goes into the refusal.
 *
 * @throws INVALID_ORGANIZATION_HEADER for a signal that is duplicated, empty, blank or malformed
 */
export function namedOrganizations(
  signals: OrganizationSignals,
  attribution: Attribution,
): readonly OrganizationId[] {
  const headers = headerValues(signals.rawHeaders, signals.headerName);
  if (headers.length > 1) throw new AppError('INVALID_ORGANIZATION_HEADER', { attribution });
  const present = signals.urlSegment === undefined ? headers : [...headers, signals.urlSegment];
  return present.map((text) => {
    const id = parseOrganizationId(text);
    if (id === undefined) throw new AppError('INVALID_ORGANIZATION_HEADER', { attribution });
    return id;
  });
}

/**
 * The organisation that the request names. For credentials that serve several.
 *
 * @throws INVALID_ORGANIZATION_HEADER
 * @throws ORGANIZATION_REQUIRED when the request names none
 */
export function requireNamed(
  signals: OrganizationSignals & { readonly surface: Surface },
  attribution: Attribution,
): OrganizationId {
  const [named] = namedOrganizations(signals, attribution);
  if (named !== undefined) return named;
  const header = signals.headerName.replaceAll(/(?<![a-z0-9])[a-z]/g, (letter) => letter.toUpperCase());
  const isMcp = signals.surface === 'mcp';
  const url = isMcp ? ', or in the URL /o/{organization_id}/mcp' : '';
  const message = `The credential serves several organisations; name one in the header ${header}${url}.`;
  throw new AppError('ORGANIZATION_REQUIRED', { status: isMcp ? 403 : 400, message, attribution });
}

/**
 * The refusal of another organisation. It has the same bytes whether that one exists or not; only the audit keeps its
 * id.
 */
export const attemptedMismatch = (attempted: OrganizationId, attribution: Attribution): AppError =>
  new AppError('ORGANIZATION_MISMATCH', { attempted, attribution });

/** A deleted organisation counts as missing. */
const exists = (organization: Organization | undefined): organization is Organization =>
  organization !== undefined && organization.status !== 'deleted';

/** The organisation that the request names. @throws ORGANIZATION_MISMATCH when there is none */
export function requireExisting(
  organization: Organization | undefined,
  named: OrganizationId,
  attribution: Attribution,
): Organization {
  if (exists(organization)) return organization;
  throw attemptedMismatch(named, attribution);
}

const isSuspended = ({ status }: Organization): boolean => status === 'suspended';

/** @throws ORGANIZATION_SUSPENDED */
export function requireNotSuspended(organization: Organization, attribution: Attribution): void {
  if (isSuspended(organization)) throw new AppError('ORGANIZATION_SUSPENDED', { attribution });
}

/** Why a principal that was accepted for the organisation must be refused now; undefined when it is still accepted. */
export function refusalOfOrganization(
  organization: Organization | undefined,
  detail?: AppError['detail'],
): AppError | undefined {
  if (!exists(organization))
    return new AppError('ORGANIZATION_MISMATCH', { ...(detail !== undefined && { detail }) });
  return isSuspended(organization) ? new AppError('ORGANIZATION_SUSPENDED') : undefined;
}
