import { AppError } from '../errors.ts';
import { isBearerToken } from '../secrets/key-pattern.ts';
import { headerValues, type RawHeaders } from './raw-headers.ts';

const BEARER = /^bearer /i;

/**
 * The one credential of a request: a bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1) or X-Api-Key.
 * Undefined when it has none; other schemes of Authorization are ignored.
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

/** Whether the request has a bearer token or X-Api-Key, well formed or not. */
export const presentsCredential = (rawHeaders: RawHeaders): boolean =>
  headerValues(rawHeaders, 'x-api-key').length > 0 ||
  headerValues(rawHeaders, 'authorization').some((value) => /^\s*bearer\b/i.test(value));

/** The texts in the place of a credential, unchecked. */
export const credentialTexts = (rawHeaders: RawHeaders): readonly string[] => [
  ...headerValues(rawHeaders, 'x-api-key'),
  ...headerValues(rawHeaders, 'authorization').map((value) => value.replace(BEARER, '')),
];

/** `Bearer` needs one space and one token. Other schemes count as no credential. */
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
