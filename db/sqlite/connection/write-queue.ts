import { setImmediate, setTimeout } from 'node:timers/promises';
import { isBusy, RETRY_MS } from './busy.ts';

/**
 * How long one turn of the event loop serves waiting writes, in milliseconds. More than one write, because another
 * process frees the lock only for short gaps.
 */
const PORTION_MS = 8;

/** A write that needs the store's lock. */
type Turn = {
  /**
   * Tries once, atomically, and handles every error except one.
   *
   * @throws SQLITE_BUSY when the lock is taken; nothing was done
   */
  take(): void;
  /** Fails, with `busy`, what has waited since `sinceMs` or earlier. Returns whether nothing is left to try. */
  giveUp(sinceMs: number, busy: unknown): boolean;
};

/** The writes of one process to one store, in order of arrival. */
export type WriteQueue = {
  /** Runs the turn at once when nobody waits, else after all who wait. */
  enter(turn: Turn): void;
  /** Resolves when nobody waits. */
  idle(): Promise<void>;
};

/**
 * Waits for other processes' locks without blocking the event loop, as SQLite's own wait would. A turn that has waited
 * `busyTimeoutMs` is given up.
 */
export function createWriteQueue(busyTimeoutMs: number): WriteQueue {
  let waiting: Turn[] = [];
  let serving: Promise<void> | null = null;

  /** Runs the first turn. Returns whether the lock was free. */
  const serveFirst = (): boolean => {
    const [first] = waiting;
    const busy = first === undefined ? null : busyIn(first);
    if (busy === null) {
      waiting.shift();
      return true;
    }
    const sinceMs = performance.now() - busyTimeoutMs;
    waiting = waiting.filter((turn) => !turn.giveUp(sinceMs, busy));
    return false;
  };
  /** Runs turns for some milliseconds, then yields to other events. Returns whether the lock was free each time. */
  const serveSome = (): boolean => {
    const untilMs = performance.now() + PORTION_MS;
    while (waiting.length > 0) {
      if (!serveFirst()) return false;
      if (performance.now() > untilMs) return true;
    }
    return true;
  };
  const serve = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (serveSome()) await setImmediate();
      else await setTimeout(RETRY_MS);
    }
    serving = null;
  };

  return {
    enter(turn) {
      waiting.push(turn);
      if (serving !== null || serveFirst() || waiting.length === 0) return;
      serving = setTimeout(RETRY_MS).then(serve);
    },
    idle: async () => serving ?? undefined,
  };
}

/** SQLite's error when the lock is taken; null when the turn is done. */
function busyIn(turn: Turn): unknown {
  try {
    turn.take();
    return null;
  } catch (thrown) {
    if (isBusy(thrown)) return thrown;
    throw thrown;
  }
}
