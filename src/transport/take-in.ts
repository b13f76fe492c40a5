import type { IncomingMessage } from 'node:http';
import { headerValues } from '../identity/raw-headers.ts';
import type { OrganizationId } from '../ids.ts';
import type { InFlight } from '../limits/in-flight.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { type Connection, whenAnswered } from './connection.ts';
import { isBodiless, readJsonBody, takesBody } from './read-body.ts';
import type { Route } from './router.ts';

export type TakeInDeps = { readonly rateLimit: RateLimit; readonly inFlight: InFlight };

/** A body that takes longer was not there with its head, or is large. */
const AWAITED_MS = 100;

/** Whose request it is: what its rate is counted under, and for whom it takes up a place. */
export type Standing = { readonly rateBucket: string; readonly place: OrganizationId | 'operator' };

/**
 * Rate limit, media type, size, parse and depth, once the caller is settled; then the request takes up a place
 * until it is answered. `body` is parsed, undefined where there is none.
 */
export async function takeIn(
  { rateBucket, place }: Standing,
  route: Route,
  connection: Connection,
  { rateLimit, inFlight }: TakeInDeps,
): Promise<{ readonly body: unknown; readonly wasAwaited: boolean }> {
  const { request } = connection;
  rateLimit.admit(rateBucket, isDiscovery(request) ? 503 : 429);
  const startedMs = performance.now();
  const body = takesBody(request) ? await readBody(request, route.kind === 'mcp') : undefined;
  // Not before the body is there: a client that sends slowly must not hold a place.
  whenAnswered(connection, inFlight.enter(place));
  return { body, wasAwaited: performance.now() - startedMs > AWAITED_MS };
}

/** On REST a request without a body gives no arguments in it; on MCP there is no message then. */
async function readBody(request: IncomingMessage, isMcp: boolean): Promise<unknown> {
  if (isMcp) return readJsonBody(request, 'INVALID_REQUEST');
  return isBodiless(request) ? undefined : readJsonBody(request, 'VALIDATION_ERROR');
}

/** Clients take a 429 on their first question for an old server; before the body is read only the header tells. */
const isDiscovery = ({ rawHeaders }: IncomingMessage): boolean =>
  headerValues(rawHeaders, 'mcp-method').includes('server/discover');
