import type { Tool } from '../../src/tool/define-tool.ts';
import { createRouter, type Router } from '../../src/transport/http/router.ts';
import type { Pace } from '../support/contest.ts';
import { quantile } from '../support/statistics.ts';
import type { Table } from '../support/table.ts';

export const FEW_ROUTES = '10 routes';
export const MANY_ROUTES = '10,000 routes';

const tables = [
  { name: FEW_ROUTES, routes: 10 },
  { name: '100 routes', routes: 100 },
  { name: '1,000 routes', routes: 1000 },
  { name: MANY_ROUTES, routes: 10_000 },
];

const kinds = {
  'a word, ns': { method: 'GET', pathOf: (of: number) => `/v1/things_${of}/search` },
  'a parameter, ns': { method: 'GET', pathOf: (of: number) => `/v1/things_${of}/agt_01ABC/rows` },
  '405, ns': { method: 'PATCH', pathOf: (of: number) => `/v1/things_${of}/agt_01ABC` },
  '404, ns': { method: 'GET', pathOf: (of: number) => `/v1/nothing_${of}` },
} as const;

/** Five for each resource: two with words alone, three with a parameter. */
const routesOf = (resource: number): readonly string[] => [
  `GET /v1/things_${resource}`,
  `GET /v1/things_${resource}/search`,
  `GET /v1/things_${resource}/{id}`,
  `DELETE /v1/things_${resource}/{id}`,
  `GET /v1/things_${resource}/{id}/rows`,
];

const ROUTES_OF_A_RESOURCE = 5;
const ROUNDS_OF_A_REPETITION = 10;
/** Every resource of the largest table is asked for; a small table is asked as often, for its few in turn. */
const PATHS = 2000;
const CALLS = 20_000;

/** How long the router takes to find a path's operation, among few routes and among many. */
export async function measureRoutes({ repetitions }: Pace): Promise<Table> {
  const contestants = tables.map(({ name, routes }) => {
    const resources = routes / ROUTES_OF_A_RESOURCE;
    const rests = Array.from({ length: resources }, (_, resource) => routesOf(resource)).flat();
    // Of a tool the router reads its route alone.
    const router = createRouter(rests.map((rest) => ({ rest })) as unknown as readonly Tool[], [], new Map());
    return { name, router, resources, timesNs: new Map<string, number[]>() };
  });
  for (let round = -1; round < repetitions * ROUNDS_OF_A_REPETITION; round += 1) {
    for (const { router, resources, timesNs } of contestants) {
      for (const [kind, { method, pathOf }] of Object.entries(kinds)) {
        const paths = Array.from({ length: PATHS }, (_, index) => pathOf(index % resources));
        const tookNs = timeOf(router, method, paths);
        if (round >= 0) timesNs.set(kind, [...(timesNs.get(kind) ?? []), tookNs]);
      }
    }
  }
  const fastest = contestants.map(({ name, timesNs }) => ({
    name,
    values: Object.fromEntries([...timesNs].map(([kind, found]) => [kind, quantile(found, 0)])),
  }));
  const base = mean(Object.values(fastest[0]?.values ?? {}));
  const rows = fastest.map(({ name, values }) => ({
    name,
    values: { ...values, [BESIDE_FEW]: mean(Object.values(values)) / base },
  }));
  return { title: 'Finding the operation of a path, in nanoseconds', note: NOTE, rows };
}

export const BESIDE_FEW = '× 10 routes';
const NOTE =
  `The fastest of interleaved rounds of ${CALLS.toLocaleString('en')} paths, which name every resource in turn; what else a ` +
  'machine does only adds to it. The last column compares the means of the rows.';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

function timeOf(router: Router, method: string, paths: readonly string[]): number {
  const startedMs = performance.now();
  for (let call = 0; call < CALLS; call += 1) router.match(method, paths[call % paths.length] ?? '');
  return ((performance.now() - startedMs) * 1e6) / CALLS;
}
