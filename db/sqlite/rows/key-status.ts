import type { SQL } from 'drizzle-orm';
import type { KeyStatus } from '../../../src/keys/key-record.ts';
import { and, gt, isNotNull, isNull, lt, lte, not, or, sql } from '../connection/drizzle.ts';
import { keys } from '../schema/schema.ts';

/** Revoked, held or removed. */
const isEnded = sql`(${keys.revokedAtMs} IS NOT NULL OR ${keys.heldAtMs} IS NOT NULL OR ${keys.removedAtMs} IS NOT NULL)`;

/** `keyStatus()` of src/keys/key-record.ts as SQL. */
export function hasStatus(status: KeyStatus, nowMs: number, staleAfterMs: number): SQL | undefined {
  const lastSign = sql`coalesce(${keys.lastUsedAtMs}, ${keys.createdAtMs})`;
  const staleSinceMs = nowMs - staleAfterMs;
  const conditions = {
    revoked: isEnded,
    expired: and(not(isEnded), or(lte(keys.expiresAtMs, nowMs), lte(keys.graceUntilMs, nowMs))),
    grace: and(isLiveAt(nowMs), isNotNull(keys.graceUntilMs)),
    stale: and(isLiveAt(nowMs), isNull(keys.graceUntilMs), lte(lastSign, staleSinceMs)),
    active: and(isLiveAt(nowMs), isNull(keys.graceUntilMs), gt(lastSign, staleSinceMs)),
  } as const satisfies Record<KeyStatus, SQL | undefined>;
  return conditions[status];
}

/** Whether the key's expiry or its grace ends before `ms`. */
export const endsBefore = (ms: number): SQL | undefined =>
  or(lt(keys.expiresAtMs, ms), lt(keys.graceUntilMs, ms));

/** Neither revoked, nor expired, nor past its grace. */
export function isLiveAt(nowMs: number): SQL | undefined {
  return and(
    not(isEnded),
    or(isNull(keys.expiresAtMs), gt(keys.expiresAtMs, nowMs)),
    or(isNull(keys.graceUntilMs), gt(keys.graceUntilMs, nowMs)),
  );
}
