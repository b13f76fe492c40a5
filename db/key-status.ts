import { and, gt, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import type { KeyStatus } from '../src/keys/key-record.ts';
import { keys } from './schema.ts';

/** The same judgement as `keyStatus()` over a key, as conditions that SQLite evaluates. */
export function hasStatus(status: KeyStatus, nowMs: number, staleAfterMs: number): SQL | undefined {
  const lastSign = sql`coalesce(${keys.lastUsedAtMs}, ${keys.createdAtMs})`;
  const staleSinceMs = nowMs - staleAfterMs;
  const conditions = {
    revoked: isNotNull(keys.revokedAtMs),
    expired: and(isNull(keys.revokedAtMs), or(lte(keys.expiresAtMs, nowMs), lte(keys.graceUntilMs, nowMs))),
    grace: and(isLiveAt(nowMs), isNotNull(keys.graceUntilMs)),
    stale: and(isLiveAt(nowMs), isNull(keys.graceUntilMs), lte(lastSign, staleSinceMs)),
    active: and(isLiveAt(nowMs), isNull(keys.graceUntilMs), gt(lastSign, staleSinceMs)),
  } as const satisfies Record<KeyStatus, SQL | undefined>;
  return conditions[status];
}

/** Neither revoked, nor expired, nor past its grace. */
export function isLiveAt(nowMs: number): SQL | undefined {
  return and(
    isNull(keys.revokedAtMs),
    or(isNull(keys.expiresAtMs), gt(keys.expiresAtMs, nowMs)),
    or(isNull(keys.graceUntilMs), gt(keys.graceUntilMs, nowMs)),
  );
}
