import { AppError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { DownstreamTerms, OrganizationLocation } from '../downstream.ts';

/** The parts of a request that can hold the organisation. */
type RequestShape = {
  /** The whole path with its prefix; a placeholder is `{name}`. */
  readonly path: string;
  /** `none`: no body. `other`: a body that is not a JSON object. */
  readonly body: 'object' | 'other' | 'none';
};

/** Whether a request of this shape can hold the organisation there. Headers and the query always can. */
function isWritable({ in: location, name }: OrganizationLocation, { path, body }: RequestShape): boolean {
  if (path.includes(`{${name}}`)) return true;
  if (location === 'body') return body !== 'other';
  return location !== 'path';
}

/** Whether a request of this shape tells the platform its organisation. */
export const tellsOrganization = (locations: readonly OrganizationLocation[], shape: RequestShape): boolean =>
  locations.some((location) => isWritable(location, shape));

/**
 * Whether a request may leave without the organisation: when each organisation has its own credential, or when it is a
 * read and the reply must name the organisation. A write takes effect before its reply can be checked.
 */
export const mayLeaveUntold = (
  terms: Pick<DownstreamTerms, 'credentialPerOrganization' | 'requireOrganizationInReply'>,
  isRead: boolean,
): boolean => terms.credentialPerOrganization === true || (isRead && terms.requireOrganizationInReply);

/**
 * The locations to write for this request. Empty only when it may leave without the organisation.
 *
 * @throws DOWNSTREAM_NOT_CONFIGURED when no location fits and nothing else keeps organisations apart
 */
export function locationsOf(
  locations: readonly OrganizationLocation[],
  shape: RequestShape,
  terms: DownstreamTerms,
  isRead: boolean,
): readonly OrganizationLocation[] {
  const writable = locations
    .filter((location) => isWritable(location, shape))
    .map((location) => locationIn(location, shape));
  if (writable.length > 0 || mayLeaveUntold(terms, isRead)) return writable;
  // The caller sent a body that is no object: `writeOrganization` refuses it with VALIDATION_ERROR.
  if (locations.some((location) => location.in === 'body')) return locations;
  throw new AppError('DOWNSTREAM_NOT_CONFIGURED', {
    message: 'The request has no place that tells the platform its organisation; nothing was sent.',
    detail: {
      reason: 'organisation not told',
      places: locations.map(({ in: location, name }) => `${location} ${name}`),
    },
  });
}

/** Uses the placeholder of the path when the body cannot hold the organisation. */
const locationIn = (location: OrganizationLocation, { body }: RequestShape): OrganizationLocation =>
  location.in === 'body' && body === 'other' ? { ...location, in: 'path' } : location;

export const bodyShape = (body: unknown): RequestShape['body'] => {
  if (body === undefined) return 'none';
  return isRecord(body) ? 'object' : 'other';
};
