import type { AuditSlot } from '../audit/audit-slot.ts';
import { AppError } from '../errors.ts';
import { type OrganizationId, parseOrganizationId } from '../ids.ts';
import { headerValues, type RawHeaders } from './raw-headers.ts';
import type { Surface } from './surface.ts';

/** What the request says of its organisation, besides the credential. Signals select; they never grant. */
export type OrganizationSignals = {
  readonly rawHeaders: RawHeaders;
  /** The header's name, in lower case. */
  readonly headerName: string;
  /** The segment of `/o/{organization_id}/mcp`; undefined on every other path. */
  readonly urlSegment: string | undefined;
};

/**
 * The organisations that the request names: none, or one for each signal present.
 *
 * @throws INVALID_ORGANIZATION_HEADER for a signal that is duplicated, empty, blank or malformed
 */
export function namedOrganizations(signals: OrganizationSignals): readonly OrganizationId[] {
  const headers = headerValues(signals.rawHeaders, signals.headerName);
  if (headers.length > 1) throw new AppError('INVALID_ORGANIZATION_HEADER');
  const present = signals.urlSegment === undefined ? headers : [...headers, signals.urlSegment];
  return present.map((text) => {
    const id = parseOrganizationId(text);
    if (id === undefined) throw new AppError('INVALID_ORGANIZATION_HEADER');
    return id;
  });
}

/**
 * The organisation that the request names, for a credential that several are open to.
 *
 * @throws INVALID_ORGANIZATION_HEADER; ORGANIZATION_REQUIRED where none is named
 */
export function requireNamed(signals: OrganizationSignals & { readonly surface: Surface }): OrganizationId {
  const [named] = namedOrganizations(signals);
  if (named !== undefined) return named;
  throw new AppError('ORGANIZATION_REQUIRED', { status: signals.surface === 'mcp' ? 403 : 400 });
}

/** The refusal of an organisation, existing or not, with the same bytes; the audit keeps which one it was. */
export function attemptedMismatch(organizationId: OrganizationId, slot: AuditSlot): AppError {
  slot.learn({ attempted: organizationId });
  return new AppError('ORGANIZATION_MISMATCH');
}
