import { AppError } from '../errors.ts';
import type { DownstreamTerms } from './downstream.ts';
import type { Path } from './path.ts';

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** What is about to be sent, before the organisation stands in it. */
export type Draft = {
  readonly path: Path;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON object, or undefined for a request without a body. */
  readonly body: object | undefined;
};

export type Addressed = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | undefined;
};

/**
 * Writes the organisation where the platform wants it, after everything else, so that nothing a caller gave can
 * stand in its place. The path keeps its segments.
 *
 * @throws VALIDATION_ERROR for a path that would climb out of its segments
 */
export function writeOrganization(draft: Draft, organizationId: string, terms: DownstreamTerms): Addressed {
  const { in: place, name } = terms.organization;
  const url = urlOf(draft, organizationId, terms);
  if (place === 'header')
    return { url, headers: { ...draft.headers, [name]: organizationId }, body: draft.body };
  if (place === 'body' && draft.body !== undefined) {
    return { url, headers: draft.headers, body: { ...draft.body, [name]: organizationId } };
  }
  if (place !== 'path') {
    url.searchParams.delete(name);
    url.searchParams.append(name, organizationId);
  }
  return { url, headers: draft.headers, body: draft.body };
}

function urlOf({ path, query }: Draft, organizationId: string, terms: DownstreamTerms): URL {
  const { basePath, organization } = terms;
  const written = basePath.replaceAll(`{${organization.name}}`, encodeURIComponent(organizationId));
  const url = new URL(written + path.text, 'http://platform.invalid');
  const segments = written.split('/').length - 1 + path.segments;
  if (url.pathname.split('/').length !== segments) throw new AppError('VALIDATION_ERROR');
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(item));
  }
  return url;
}
