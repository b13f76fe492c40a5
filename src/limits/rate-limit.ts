import { type Caller, speakerOf } from '../caller.ts';
import { AppError } from '../errors.ts';
import { alone, type SharedCounts } from '../fleet.ts';

/** A token bucket for each key: it holds a minute's worth and refills evenly. */
export type RateLimit = {
  /** @throws RATE_LIMITED with `retry_after_seconds`, under the status given */
  admit(bucket: string, status: number): void;
};

const MINUTE_MS = 60_000;
const MOST_BUCKETS = 100_000;

/**
 * `requestsPerMinute` 0 sets no limit. What other processes of the server admitted is taken out of the bucket too,
 * down to a debt where they were faster than the news of it.
 */
export function createRateLimit(
  requestsPerMinute: number,
  now: () => number,
  shared: SharedCounts = alone.counts(''),
): RateLimit {
  if (requestsPerMinute === 0) return { admit: () => {} };
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const perMs = requestsPerMinute / MINUTE_MS;

  function tokensIn(bucket: string): number {
    const last = buckets.get(bucket);
    if (last === undefined) return requestsPerMinute;
    return Math.min(requestsPerMinute, last.tokens + (now() - last.atMs) * perMs);
  }

  function keep(bucket: string, tokens: number): void {
    // Set anew, a bucket moves to the end: the first of the map is the one unused the longest.
    buckets.delete(bucket);
    buckets.set(bucket, { tokens, atMs: now() });
    if (buckets.size > MOST_BUCKETS) dropOldest(buckets);
  }

  shared.onOthers((bucket, count) => keep(bucket, tokensIn(bucket) - count));
  return {
    admit(bucket, status) {
      const tokens = tokensIn(bucket);
      const admitted = tokens >= 1;
      keep(bucket, admitted ? tokens - 1 : tokens);
      if (admitted) shared.add(bucket);
      else {
        const retryAfterSeconds = Math.max(1, Math.ceil((1 - tokens) / perMs / 1000));
        throw new AppError('RATE_LIMITED', { status, data: { retry_after_seconds: retryAfterSeconds } });
      }
    },
  };
}

/** A host key has a bucket for each organisation, so that none of them can use up what is another's. */
export const rateBucketOf = (caller: Caller): string =>
  caller.tier === 'host-key' ? `${speakerOf(caller)} ${caller.organization.id}` : speakerOf(caller);

function dropOldest<Key>(map: Map<Key, unknown>): void {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
