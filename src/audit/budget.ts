import type { Clock } from '../clock.ts';
import type { SharedCounts } from '../workers/fleet.ts';

/** How many rows a minute each name may leave, and all of them together. */
type Allowance = { readonly each: number; readonly overAll: number };

type Budget = {
  /** Whether a row of `name` is within it; then it is used. */
  take(name: string): boolean;
  /** Whether `name` used some of it in this minute, and how many names did. */
  has(name: string): boolean;
  readonly size: number;
};

const WINDOW_MS = 60_000;

/** One budget for all processes that share `counts`; */
export function createBudget(
  { each, overAll }: Allowance,
  elapsed: Clock['elapsed'],
  counts: SharedCounts,
): Budget {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let used = 0;
  const usedBy = new Map<string, number>();
  const startWindow = (): void => {
    if (elapsed() - windowStartMs < WINDOW_MS) return;
    windowStartMs = elapsed();
    used = 0;
    usedBy.clear();
  };
  const note = (name: string, count: number): void => {
    startWindow();
    usedBy.set(name, (usedBy.get(name) ?? 0) + count);
    used += count;
  };
  counts.onOthers(note);
  return {
    take(name) {
      startWindow();
      if ((usedBy.get(name) ?? 0) >= each || used >= overAll) return false;
      note(name, 1);
      counts.add(name);
      return true;
    },
    get size() {
      return usedBy.size;
    },
    has(name) {
      startWindow();
      return usedBy.has(name);
    },
  };
}
