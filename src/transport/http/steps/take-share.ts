import { headerValues } from '../../../identity/raw-headers.ts';
import type { InFlight } from '../../../limits/in-flight.ts';
import { type RateLimit, rateBucketOf } from '../../../limits/rate-limit.ts';
import type { Arrived } from '../step-runner.ts';
import type { Authenticated } from './authenticate.ts';

type InFlightDeps = { readonly inFlight: InFlight };

/** Asked before anything is done for a request. @throws SHUTTING_DOWN, OVERLOADED */
export const requireCapacity =
  ({ inFlight }: InFlightDeps) =>
  (): undefined => {
    inFlight.requireRoom();
  };

/** @throws RATE_LIMITED */
export const takeShare =
  ({ rateLimit }: { readonly rateLimit: RateLimit }) =>
  ({ request, identified }: Arrived & Authenticated): undefined => {
    // Clients take a 429 on their first question for an old server; before the body is read only the header tells.
    const isDiscovery = () => headerValues(request.rawHeaders, 'mcp-method').includes('server/discover');
    rateLimit.take(rateBucketOf(identified.principal), () => (isDiscovery() ? 503 : 429));
  };

/** Not before the body is there: a client that sends slowly must not hold a place. @throws OVERLOADED */
export const takePlace =
  ({ inFlight }: InFlightDeps) =>
  ({ response, identified }: Arrived & Authenticated): Promise<undefined> | undefined => {
    const leave = inFlight.enter(identified.principal.organization?.id ?? 'operator');
    // An answer that nobody reads takes up its place until its connection ends.
    if (response.destroyed) leave();
    else response.once('close', leave);
    return inFlight.turn();
  };
