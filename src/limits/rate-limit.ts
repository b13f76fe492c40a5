import { AppError } from '../errors.ts';
import type { KeyId } from '../ids.ts';

/** A token bucket for each key: it holds a minute's worth and refills evenly. */
export type RateLimit = {
  /** @throws RATE_LIMITED with `retry_after_seconds`, under the status given */
  admit(keyId: KeyId, status: number): void;
};

const MINUTE_MS = 60_000;
const MOST_BUCKETS = 100_000;

/** `requestsPerMinute` 0 sets no limit. */
export function createRateLimit(requestsPerMinute: number, now: () => number): RateLimit {
  if (requestsPerMinute === 0) return { admit: () => {} };
  const buckets = new Map<KeyId, { tokens: number; atMs: number }>();
  const perMs = requestsPerMinute / MINUTE_MS;

  return {
    admit(keyId, status) {
      const nowMs = now();
      const last = buckets.get(keyId) ?? { tokens: requestsPerMinute, atMs: nowMs };
      const tokens = Math.min(requestsPerMinute, last.tokens + (nowMs - last.atMs) * perMs);
      const admitted = tokens >= 1;
      // Set anew, a bucket moves to the end: the first of the map is the one unused the longest.
      buckets.delete(keyId);
      buckets.set(keyId, { tokens: admitted ? tokens - 1 : tokens, atMs: nowMs });
      if (buckets.size > MOST_BUCKETS) dropOldest(buckets);
      if (!admitted) {
        const retryAfterSeconds = Math.max(1, Math.ceil((1 - tokens) / perMs / 1000));
        throw new AppError('RATE_LIMITED', { status, data: { retry_after_seconds: retryAfterSeconds } });
      }
    },
  };
}

function dropOldest<Key>(map: Map<Key, unknown>): void {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
