import type { DownstreamReply, DownstreamRequest } from '../../../src/downstream/downstream.ts';
import { AppError } from '../../../src/errors.ts';
import { isBusy } from '../../sqlite/connection/busy.ts';
import { badRequest, notFound } from './reply.ts';

type RouteRequest = {
  readonly organizationId: string;
  /** The decoded id of the path; empty for a route without one. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
};

export type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: `/v1/${string}`;
  answer(request: RouteRequest): DownstreamReply;
};

/** The part of a request that the embedded platform reads. */
export type PlatformRequest = Pick<DownstreamRequest, 'method' | 'url' | 'body' | 'signal'>;

/**
 * Answers a request by the first matching route. Every route requires exactly one organisation.
 *
 * @throws DOWNSTREAM_FAILED when the database fails
 * @throws SQLITE_BUSY when another process holds it; nothing was done
 */
export function answerRequest(routes: readonly Route[], request: PlatformRequest): DownstreamReply {
  const query = request.url.searchParams;
  const [organizationId, ...more] = query.getAll('organization_id');
  if (organizationId === undefined || more.length > 0 || !/^[\x20-\x7e]{1,200}$/.test(organizationId)) {
    return badRequest('organization_id');
  }
  for (const route of routes) {
    const id = route.method === request.method ? matchPath(route.path, request.url.pathname) : undefined;
    if (id !== undefined) return answer(route, { organizationId, id, query, body: request.body });
  }
  return notFound();
}

/** A boundary: a wrong argument becomes status 400, and no text of SQLite leaves. */
function answer(route: Route, request: RouteRequest): DownstreamReply {
  try {
    return route.answer(request);
  } catch (error) {
    if (error instanceof AppError && error.code === 'VALIDATION_ERROR') return badRequest(error.message);
    if (isBusy(error)) throw error;
    throw new AppError('DOWNSTREAM_FAILED', { cause: error });
  }
}

/** The id in `pathname`; empty for a route without one; undefined when the route does not match. */
function matchPath(path: string, pathname: string): string | undefined {
  if (!path.endsWith('/{id}')) return path === pathname ? '' : undefined;
  const parent = path.slice(0, -'{id}'.length);
  const segment = pathname.slice(parent.length);
  if (!pathname.startsWith(parent) || segment === '' || segment.includes('/')) return undefined;
  return decodeSegment(segment);
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
