import type { Half, Latencies, LoadResult, PlannedRequest } from './plan.ts';
import { SHED } from './plan.ts';

const MOST_LINES = 100;
const HALF_MS = 500;

/** Counts the outcome of each request. */
export function createTally() {
  const outcomes: Record<string, number> = {};
  const unexpected: string[] = [];
  const taken: number[] = [];
  const halves: { taken: number[]; shed: number }[] = [];
  return {
    note(request: PlannedRequest, outcome: string, dueMs: number, tookMs: number) {
      const index = Math.floor(dueMs / HALF_MS);
      const half = halves[index] ?? { taken: [], shed: 0 };
      halves[index] = half;
      if (outcome === 'not connected') return;
      const hasLeft = outcome === 'gone' && request.leavesAfterMs !== undefined;
      const shown = hasLeft ? 'left' : outcome;
      outcomes[shown] = (outcomes[shown] ?? 0) + 1;
      if (outcome === SHED) half.shed += 1;
      else if (outcome === request.expected && request.leavesAfterMs === undefined) {
        taken.push(tookMs);
        half.taken.push(tookMs);
      } else if (!hasLeft && outcome !== request.expected && unexpected.length < MOST_LINES) {
        const line = request.bytes.slice(0, request.bytes.indexOf('\r'));
        unexpected.push(`${line}: expected ${request.expected}, got ${outcome} at ${Math.round(dueMs)} ms`);
      }
    },
    result: (): Pick<LoadResult, 'outcomes' | 'unexpected' | 'latencies' | 'halves'> => ({
      outcomes,
      unexpected,
      latencies: latenciesOf(taken),
      halves: Array.from(halves, (half) => halfOf(half ?? { taken: [], shed: 0 })),
    }),
  };
}

const halfOf = ({ taken, shed }: { taken: number[]; shed: number }): Half => ({
  ok: taken.length,
  shed,
  p99Ms: latenciesOf(taken).p99Ms,
});

export function latenciesOf(taken: readonly number[]): Latencies {
  const sorted = Float64Array.from(taken).sort();
  const at = (share: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) };
}

const rounded = (value = 0): number => Math.round(value * 100) / 100;
