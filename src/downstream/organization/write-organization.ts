import { AppError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { OrganizationLocation } from '../downstream.ts';
import { type Path, pathOf } from '../path.ts';
import type { PathValue } from '../path-value.ts';

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** A request before the organisation is written into it. */
export type Draft = {
  readonly path: Path;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value; undefined for a request without a body. */
  readonly body: unknown;
};

type Addressed = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/**
 * Writes the organisation into every location, after everything else, so that no argument of a caller can replace it.
 * The number of path segments stays, and the organisation fills exactly one.
 *
 * @throws VALIDATION_ERROR for a path that could leave its segments at some hop, or a body that is no object
 * @throws DOWNSTREAM_NOT_CONFIGURED for an id that a header would change
 */
export function writeOrganization(
  draft: Draft,
  organizationId: string,
  basePath: string,
  locations: readonly OrganizationLocation[],
): Addressed {
  const url = urlOf(draft, organizationId, basePath, locations);
  let { headers, body } = draft;
  for (const { in: location, name } of locations) {
    if (location === 'header')
      headers = { ...headers, [name.toLowerCase()]: requireHeaderValue(organizationId) };
    else if (location === 'body' && body !== undefined)
      body = { ...requireObject(body), [name]: organizationId };
    else if (location !== 'path') {
      url.searchParams.delete(name);
      url.searchParams.append(name, organizationId);
    }
  }
  return { url, headers, body };
}

function urlOf(
  { path, query }: Draft,
  organizationId: string,
  basePath: string,
  locations: readonly OrganizationLocation[],
): URL {
  const names = new Set(locations.map(({ name }) => name));
  const own = { text: organizationId, label: "The organisation's id at the platform", mayHoldSlashes: false };
  // A caller's braces are percent-encoded by now, so each remaining placeholder is the template's own.
  const { text, segments } = pathOf(basePath + path.text, (name) => (names.has(name) ? own : undefined));
  const url = urlAt({ text, segments });
  if (url === undefined) throw new AppError('VALIDATION_ERROR');
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(item));
  }
  return url;
}

/**
 * Undefined when the URL parser would change the path: it resolves dots, reads `\` as `/`, and cuts at `#`
 * (https://url.spec.whatwg.org).
 */
function urlAt({ text, segments }: Path): URL | undefined {
  if (/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(text)) return undefined;
  const url = URL.parse(text, 'http://platform.invalid');
  return url?.pathname.split('/').length === segments && url.hash === '' ? url : undefined;
}

/** Whether a template such as `/docs/{id}` yields a valid path when every placeholder holds an ordinary value. */
export function canBeSent(template: string): boolean {
  const ordinary = (label: string): PathValue => ({ text: 'x', label, mayHoldSlashes: false });
  try {
    return urlAt(pathOf(template, ordinary)) !== undefined;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** Refuses a body that cannot hold the organisation. */
function requireObject(body: unknown): object {
  if (isRecord(body)) return body;
  throw new AppError('VALIDATION_ERROR', { message: 'body: expected a JSON object' });
}

/**
 * Receivers strip blanks around a header's value (https://www.rfc-editor.org/rfc/rfc9110#section-5.5): the id would
 * arrive as another.
 */
function requireHeaderValue(organizationId: string): string {
  if (organizationId === organizationId.trim()) return organizationId;
  throw new AppError('DOWNSTREAM_NOT_CONFIGURED', {
    message:
      'The external id of the organisation has blanks at its ends, which no header carries; nothing was sent.',
  });
}
