import { AppError } from '../errors.ts';
import { isBearerToken } from '../token-shape.ts';
import { headerValues, type RawHeaders } from './raw-headers.ts';

const BEARER = /^bearer /i;

/**
 * The one credential of a request, or undefined where it sent none that counts.
 *
 * @throws MALFORMED_CREDENTIALS for two credentials, or one that is not a single token
 */
export function readCredential(rawHeaders: RawHeaders): string | undefined {
  const authorization = headerValues(rawHeaders, 'authorization');
  const apiKey = headerValues(rawHeaders, 'x-api-key');
  if (authorization.length + apiKey.length > 1) throw new AppError('MALFORMED_CREDENTIALS');
  const [bearer] = authorization;
  const [key] = apiKey;
  if (bearer !== undefined) return readBearer(bearer);
  return key === undefined ? undefined : requireToken(key);
}

/** Whether a credential of ours was sent, well formed or not; another scheme is none. */
export const presentsCredential = (rawHeaders: RawHeaders): boolean =>
  headerValues(rawHeaders, 'x-api-key').length > 0 ||
  headerValues(rawHeaders, 'authorization').some((value) => /^\s*bearer\b/i.test(value));

/** What stands where a credential would, unjudged. */
export const credentialTexts = (rawHeaders: RawHeaders): readonly string[] => [
  ...headerValues(rawHeaders, 'x-api-key'),
  ...headerValues(rawHeaders, 'authorization').map((value) => value.replace(BEARER, '')),
];

/** Another scheme counts as no credential; `Bearer` must be followed by one space and one token. */
function readBearer(value: string): string | undefined {
  if (BEARER.test(value)) return requireToken(value.slice('bearer '.length));
  const scheme = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+/.exec(value)?.[0];
  if (scheme === undefined || scheme.toLowerCase() === 'bearer') throw new AppError('MALFORMED_CREDENTIALS');
  return undefined;
}

function requireToken(text: string): string {
  if (!isBearerToken(text)) throw new AppError('MALFORMED_CREDENTIALS');
  return text;
}
