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
function isWritable({ in: place, name }: OrganizationLocation, { path, body }: RequestShape): boolean {
  if (path.includes(`{${name}}`)) return true;
  if (place === 'body') return body !== 'other';
  return place !== 'path';
}

/** Whether a request of this shape tells the platform its organisation. */
export const tellsOrganization = (places: readonly OrganizationLocation[], shape: RequestShape): boolean =>
  places.some((place) => isWritable(place, shape));

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
export function placesOf(
  places: readonly OrganizationLocation[],
  shape: RequestShape,
  terms: DownstreamTerms,
  isRead: boolean,
): readonly OrganizationLocation[] {
  const writable = places.filter((place) => isWritable(place, shape)).map((place) => placeIn(place, shape));
  if (writable.length > 0 || mayLeaveUntold(terms, isRead)) return writable;
  // The caller sent a body that is no object: `writeOrganization` refuses it with VALIDATION_ERROR.
  if (places.some((place) => place.in === 'body')) return places;
  throw new AppError('DOWNSTREAM_NOT_CONFIGURED', {
    message: 'The request has no place that tells the platform its organisation; nothing was sent.',
    detail: {
      reason: 'organisation not told',
      places: places.map(({ in: place, name }) => `${place} ${name}`),
    },
  });
}

/** Uses the placeholder of the path when the body cannot hold the organisation. */
const placeIn = (place: OrganizationLocation, { body }: RequestShape): OrganizationLocation =>
  place.in === 'body' && body === 'other' ? { ...place, in: 'path' } : place;

export const bodyShape = (body: unknown): RequestShape['body'] => {
  if (body === undefined) return 'none';
  return isRecord(body) ? 'object' : 'other';
};
