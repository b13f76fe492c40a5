import type { Clock } from '../clock.ts';

const TICK_MS = 50;
/** After so long without a late tick a process keeps up again, and a pause is forgotten. */
const CALM_MS = 500;
/** What was late again and again is not given the benefit of a pause for so long after. */
const RELAPSE_MS = 10_000;
/** Late ticks that follow the first count once they took so long in all: with it they are most of a second. */
const AGAIN_MS = 500;
/** And half as long as the first: what waited during a pause takes a turn that is late as well, and shorter. */
const LONGEST_AGAIN_MS = 2000;

/** Whether this process keeps up with its own events; `isBehind` costs a request nothing. */
export type LoopDelay = {
  readonly isBehind: boolean;
  /** Whether the turn under way has taken longer than it may. */
  readonly isLate: boolean;
  /** Forgets what it saw: a start is nobody's overload. */
  restart(): void;
  stop(): void;
};

/** What was seen since the first late tick, in milliseconds. */
type Stretch = {
  /** 0 where the first counts as well, soon after the process was behind. */
  readonly firstMs: number;
  /** Late ticks after the first. */
  readonly againMs: number;
  readonly inTimeMs: number;
  /** Since the last late tick. */
  readonly calmMs: number;
};

/**
 * Behind once it is late by more than `mostMs` again and again: a single pause is no overload. It keeps up again after
 * half a second without a late tick. 0 watches nothing. A timer that comes late says it: `monitorEventLoopDelay` drops
 * what follows its `reset()`, which under load is the delay itself.
 */
export function watchLoopDelay(mostMs: number, elapsed: Clock['elapsed']): LoopDelay {
  let tickedMs = elapsed();
  let stretch: Stretch | null = null;
  const isLate = (tookMs: number): boolean => tookMs - TICK_MS > mostMs;

  const tick = () => {
    const tookMs = elapsed() - tickedMs;
    tickedMs += tookMs;
    stretch = isLate(tookMs) ? afterLateTick(stretch, tookMs) : afterTickInTime(stretch, tookMs);
  };
  let timer = mostMs === 0 ? undefined : setInterval(tick, TICK_MS).unref();

  return {
    get isBehind() {
      if (stretch === null) return false;
      // The turn under way may be late already, which its own tick says only when it is over.
      const tookMs = elapsed() - tickedMs;
      return isAgainAndAgain(isLate(tookMs) ? { ...stretch, againMs: stretch.againMs + tookMs } : stretch);
    },
    get isLate() {
      return timer !== undefined && isLate(elapsed() - tickedMs);
    },
    restart() {
      tickedMs = elapsed();
      stretch = null;
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function isAgainAndAgain({ firstMs, againMs, inTimeMs }: Stretch): boolean {
  const enoughMs = Math.min(Math.max(AGAIN_MS, firstMs / 2), LONGEST_AGAIN_MS);
  return againMs >= enoughMs && againMs > inTimeMs;
}

function afterLateTick(stretch: Stretch | null, tookMs: number): Stretch {
  if (stretch === null) return { firstMs: tookMs, againMs: 0, inTimeMs: 0, calmMs: 0 };
  return { ...stretch, againMs: stretch.againMs + tookMs, calmMs: 0 };
}

function afterTickInTime(stretch: Stretch | null, tookMs: number): Stretch | null {
  if (stretch === null) return null;
  const calmMs = stretch.calmMs + tookMs;
  if (calmMs < CALM_MS) return { ...stretch, inTimeMs: stretch.inTimeMs + tookMs, calmMs };
  const wasBehind = stretch.firstMs === 0 || isAgainAndAgain(stretch);
  return wasBehind && calmMs < RELAPSE_MS ? { firstMs: 0, againMs: 0, inTimeMs: 0, calmMs } : null;
}
