import { AppError } from '../../errors.ts';
import { isoTime } from '../../time.ts';
import { DAY_MS, earlierEnd, endOfLifeMs } from '../key-record.ts';
import type { ActorKey } from '../key-store.ts';

/**
 * The end of a new key: as requested, but never after the end of the key that makes it. The operator (`maker` null)
 * sets no limit. Revoking or shortening the maker later does not end the keys that it made; the answer to a revocation
 * lists them.
 */
export const endOfHeirMs = (askedMs: number | null, maker: ActorKey | null): number | null =>
  earlierEnd(askedMs, latestEndMs(maker));

const latestEndMs = (maker: ActorKey | null): number | null => (maker === null ? null : endOfLifeMs(maker));

/**
 * An explicit lifetime is accepted or refused, never shortened. Without one the new key lives as long as its maker
 * allows.
 *
 * @throws VALIDATION_ERROR for a lifetime beyond the maker's end
 */
export function requireWithinLife(
  days: number | 'never' | undefined,
  maker: ActorKey | null,
  nowMs: number,
): void {
  const latestMs = latestEndMs(maker);
  if (days === undefined || latestMs === null) return;
  if (days !== 'never' && nowMs + days * DAY_MS <= latestMs) return;
  const most = Math.floor((latestMs - nowMs) / DAY_MS);
  const expected = most < 1 ? 'expected none' : `expected at most ${most}, or none`;
  throw new AppError('VALIDATION_ERROR', {
    message: `expires_in_days: ${expected}; the calling key ends at ${isoTime(latestMs)}, and no key that it makes outlives it`,
    data: { latest_expires_at: isoTime(latestMs) },
  });
}
