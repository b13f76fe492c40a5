/** The time of every decision and every row, in milliseconds since 1970. */
export type Clock = {
  /** Never goes back: not behind an earlier answer, nor behind the newest observed row. */
  now(): number;
  /** Milliseconds of a monotonic clock with an arbitrary zero: for rates and durations. */
  elapsed(): number;
  /** Tells the clock the time of a stored row. `now` never falls behind it. */
  observe(atMs: number): void;
  /** How far the machine's clock is behind `now`; 0 when they agree. */
  aheadMs(): number;
};

/**
 * A machine's clock may be set back, by a resumed snapshot or a bad NTP step, and expired keys would live again. So
 * `now` continues from the latest known instant at the pace of `elapsed` until the machine has caught up: keys keep
 * ageing, and no grace period is extended.
 */
export function createClock(machine: () => number, elapsed: () => number): Clock {
  let latestMs = Number.NEGATIVE_INFINITY;
  let knownAt = elapsed();

  const now = (): number => {
    const spanNow = elapsed();
    // Whole milliseconds, like every clock here, so that no fraction runs ahead of the machine.
    const carriedMs = latestMs + Math.floor(spanNow - knownAt);
    const machineMs = machine();
    if (machineMs < carriedMs) return carriedMs;
    latestMs = machineMs;
    knownAt = spanNow;
    return machineMs;
  };
  return {
    now,
    elapsed,
    observe(atMs) {
      if (atMs <= now()) return;
      latestMs = atMs;
      knownAt = elapsed();
    },
    aheadMs: () => Math.max(0, now() - machine()),
  };
}
