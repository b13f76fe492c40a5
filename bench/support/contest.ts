import { load, type Run } from './load.ts';
import type { BenchRequest } from './request.ts';
import type { BenchServer } from './server.ts';
import { median, medianOrNull } from './statistics.ts';

/** One who takes part: a server, what it is asked, and the status with which it should answer. */
export type Contestant = {
  readonly name: string;
  readonly server: BenchServer;
  readonly request: BenchRequest;
  readonly status?: number;
};

export type Pace = { readonly seconds: number; readonly repetitions: number };

/** V8 compiles what runs often, and some of it late. */
const WARM_UP_SECONDS = 6;

/**
 * Loads all of them in turn, round after round, so that other load of the machine falls on each alike, and
 * gives the medians by name.
 */
export async function contest(
  contestants: readonly Contestant[],
  pace: Pace,
): Promise<ReadonlyMap<string, Run>> {
  const runs = new Map<string, Run[]>(contestants.map(({ name }) => [name, []]));
  for (const { server, request, status = 200 } of contestants) {
    await load(server, request, { seconds: Math.min(WARM_UP_SECONDS, 3 * pace.seconds), status });
  }
  for (let round = 0; round < pace.repetitions; round += 1) {
    for (const { name, server, request, status = 200 } of contestants) {
      runs.get(name)?.push(await load(server, request, { seconds: pace.seconds, status }));
    }
  }
  return new Map([...runs].map(([name, each]) => [name, middle(each)]));
}

const middle = (runs: readonly Run[]): Run => ({
  perSecond: median(runs.map(({ perSecond }) => perSecond)),
  cpuMicros: medianOrNull(runs.map(({ cpuMicros }) => cpuMicros)),
  p50Ms: median(runs.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(runs.map(({ p99Ms }) => p99Ms)),
});

export const runColumns = ({ perSecond, cpuMicros, p50Ms, p99Ms }: Run) => ({
  'requests/s': perSecond,
  'CPU µs': cpuMicros,
  'p50 ms': p50Ms,
  'p99 ms': p99Ms,
});
