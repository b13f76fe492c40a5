import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors.ts';
import type { Answer } from './exchange.ts';
import type { Face } from './failure-response.ts';
import { requireAllowedHost, requireAllowedOrigin } from './host-check.ts';
import type { OpenRoutes } from './open-routes.ts';
import type { Route, Router } from './router.ts';
import { readTarget, type Target } from './target.ts';
import { preflightAnswer } from './write-answer.ts';

export type FrontDoorDeps = {
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly openRoutes: OpenRoutes;
  /** In lower case. */
  readonly organizationHeader: string;
  readonly router: Router;
};

/** What is known of a request at the door; it fills as the checks pass, so that a refusal can use it. */
export type Visit = { face: Face; origin: string | undefined };

/** Either the answer to a request that needs no credential, or the way to one that does. */
export type Admission =
  | { readonly open: Answer }
  | { readonly open: null; readonly route: Route; readonly target: Target };

/**
 * Host, Origin, path and method, in this order. What passes without an open answer owns an audit slot.
 *
 * @throws INVALID_HOST, HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, NOT_FOUND, METHOD_NOT_ALLOWED
 */
export async function admit(request: IncomingMessage, visit: Visit, deps: FrontDoorDeps): Promise<Admission> {
  const { method = '', rawHeaders } = request;
  const target = readTarget(request.url ?? '');
  const match = deps.router.match(method, target.pathname);
  if (match.face === 'mcp') visit.face = 'mcp';
  if (!deps.openRoutes.skipHostCheck(target.pathname)) requireAllowedHost(rawHeaders, deps.allowedHosts);
  visit.origin = requireAllowedOrigin(rawHeaders, deps.allowedOrigins);
  const open = await deps.openRoutes.answer(method, target.pathname, request);
  if (open !== undefined) return { open };
  if (match.found) return { open: null, route: match.route, target };
  const allow = deps.openRoutes.has(target.pathname) ? ['GET'] : match.allow;
  if (allow.length === 0) throw new AppError('NOT_FOUND');
  const isPreflight = method === 'OPTIONS' && visit.origin !== undefined;
  if (!isPreflight) throw new AppError('METHOD_NOT_ALLOWED', { data: { allow } });
  return { open: preflightAnswer(allow, deps.organizationHeader) };
}
