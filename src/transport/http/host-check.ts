import { AppError } from '../../errors.ts';
import { headerValues, type RawHeaders } from '../../identity/raw-headers.ts';
import { isLoopbackOrigin } from '../../loopback.ts';

const HOST = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/;

/**
 * Guards against DNS rebinding: exactly one well-formed Host, and one of the names we answer to.
 *
 * @throws INVALID_HOST, HOST_NOT_ALLOWED
 */
export function requireAllowedHost(rawHeaders: RawHeaders, allowedHosts: ReadonlySet<string>): void {
  const [host, ...others] = headerValues(rawHeaders, 'host');
  const match = host === undefined || others.length > 0 ? null : HOST.exec(host);
  if (match === null || Number(match[2] ?? 0) > 65_535) throw new AppError('INVALID_HOST');
  if (!allowedHosts.has(match[1]?.toLowerCase() ?? '')) throw new AppError('HOST_NOT_ALLOWED');
}

/**
 * A browser says where its page comes from; anything else says nothing.
 *
 * @returns the origin, or undefined where none was sent
 * @throws ORIGIN_NOT_ALLOWED, for `null` too
 */
export function requireAllowedOrigin(
  rawHeaders: RawHeaders,
  isAllowed: (origin: string) => boolean,
): string | undefined {
  const [origin, ...others] = headerValues(rawHeaders, 'origin');
  if (origin === undefined) return undefined;
  if (others.length > 0 || !isAllowed(origin)) throw new AppError('ORIGIN_NOT_ALLOWED');
  return origin;
}

/** The origins of the configuration, and on a loopback address those of this machine. */
export function originCheck(configured: readonly string[], isOnLoopback: boolean) {
  const origins = new Set(configured);
  return (origin: string): boolean => origins.has(origin) || (isOnLoopback && isLoopbackOrigin(origin));
}
