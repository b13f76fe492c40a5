const TICK_MS = 50;
/** Ticks in time, one after the other, until a process counts as keeping up again. */
const CALM_TICKS = 10;

/** Whether this process keeps up with its own events; `isBehind` costs a request nothing. */
export type LoopDelay = { readonly isBehind: boolean; stop(): void };

/**
 * Behind from the first wait over `mostMs` until half a second has passed without one; 0 watches nothing. A timer that
 * comes late says it: `monitorEventLoopDelay` drops what follows its `reset()`, which under load is the delay itself.
 */
export function watchLoopDelay(mostMs: number, now: () => number): LoopDelay {
  let calmTicks = CALM_TICKS;
  let expectedMs = now() + TICK_MS;
  const tick = () => {
    const nowMs = now();
    calmTicks = nowMs - expectedMs > mostMs ? 0 : calmTicks + 1;
    expectedMs = nowMs + TICK_MS;
  };
  const timer = mostMs === 0 ? undefined : setInterval(tick, TICK_MS).unref();
  return {
    get isBehind() {
      return calmTicks < CALM_TICKS;
    },
    stop: () => clearInterval(timer),
  };
}
