import { AppError } from '../../errors.ts';

/** The request target, split but not resolved: a URL parser would turn `/mcp/../admin` into another path. */
export type Target = { readonly pathname: string; readonly query: URLSearchParams };

/** @throws INVALID_HOST for an absolute form, which would bring a host of its own */
export function readTarget(url: string): Target {
  if (!url.startsWith('/')) throw new AppError('INVALID_HOST');
  const at = url.indexOf('?');
  if (at === -1) return { pathname: url, query: new URLSearchParams() };
  return { pathname: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}
