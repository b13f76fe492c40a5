import { AppError } from '../errors.ts';
import type { OrganizationPlace } from './downstream.ts';
import type { Path } from './path.ts';

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** What is about to be sent, before the organisation stands in it. */
export type Draft = {
  readonly path: Path;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value, or undefined for a request without a body. */
  readonly body: unknown;
};

export type Addressed = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/**
 * Writes the organisation wherever the platform wants it, after everything else, so that nothing a caller gave can
 * stand in its place. The path keeps its segments.
 *
 * @throws VALIDATION_ERROR for a path that would climb out of its segments
 */
export function writeOrganization(
  draft: Draft,
  organizationId: string,
  basePath: string,
  places: readonly OrganizationPlace[],
): Addressed {
  const url = urlOf(draft, organizationId, basePath, places);
  let { headers, body } = draft;
  for (const { in: place, name } of places) {
    if (place === 'header') headers = { ...headers, [name.toLowerCase()]: organizationId };
    else if (place === 'body' && body !== undefined)
      body = { ...requireObject(body), [name]: organizationId };
    else if (place !== 'path') {
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
  places: readonly OrganizationPlace[],
): URL {
  const template = basePath + path.text;
  // Braces of a caller are percent-encoded by now: a place that is left is the template's own.
  const written = places.reduce(
    (text, { name }) => text.replaceAll(`{${name}}`, encodeURIComponent(organizationId)),
    template,
  );
  const url = new URL(written, 'http://platform.invalid');
  const segments = basePath.split('/').length - 1 + path.segments;
  if (url.pathname.split('/').length !== segments) throw new AppError('VALIDATION_ERROR');
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(item));
  }
  return url;
}

/** Where the body must name the organisation, one that cannot is not sent. */
function requireObject(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new AppError('VALIDATION_ERROR', { message: 'body: expected a JSON object' });
}
