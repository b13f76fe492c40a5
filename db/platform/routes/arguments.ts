import { malformed } from './reply.ts';

/**
 * The value of a query argument; undefined without one.
 *
 * @throws VALIDATION_ERROR, which the router answers with status 400, for more than one
 */
export function oneText(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  return more.length > 0 ? malformed(name) : value;
}

export function wholeNumber(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = oneText(query, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : malformed(name);
}

export type PageRequest = { readonly limit: number; readonly cursor: string | undefined };

export function pageRequest(query: URLSearchParams): PageRequest {
  return { limit: wholeNumber(query, 'limit', 1, 100) ?? 20, cursor: oneText(query, 'cursor') };
}

/** The id of the last row of the previous page. Plain, because the caller is Tenantry, which seals cursors. */
export function startBefore(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : malformed('cursor');
}

/** Cuts a page from rows of which one more than `limit` was read. */
export function cutPage<Row extends { readonly id: number }>(rows: readonly Row[], limit: number) {
  const page = rows.slice(0, limit);
  return { page, nextCursor: rows.length > limit ? String(page.at(-1)?.id) : null };
}

type Body = Readonly<Record<string, unknown>>;

export function bodyObject(body: unknown): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) malformed('body');
  // The line above has checked that it is a JSON object.
  return body as Body;
}

export function bodyText(body: Body, name: string, longest: number): string {
  const value = body[name];
  return isText(value, longest) ? value : malformed(name);
}

export function bodyTexts(body: Body, name: string, most: number, longest: number): readonly string[] {
  const value = body[name];
  if (!Array.isArray(value) || value.length === 0 || value.length > most) malformed(name);
  return value.every((item) => isText(item, longest)) ? value : malformed(name);
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longest;
