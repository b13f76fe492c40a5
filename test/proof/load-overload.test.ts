import { setTimeout } from 'node:timers/promises';
import { type TestContext, test } from 'vitest';
import { requestJson } from '../support/http.ts';
import { type LoadedServer, runLoad, startLoaded } from './load/loaded-server.ts';
import { type Latencies, type LoadResult, type PlannedRequest, SHED } from './load/plan.ts';
import { modernCall, restCall } from './load/requests.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

/** What each depth allows; other tests take the processor away at the others. */
const seconds = trials({ planted: 2, ci: 5, full: 60 });
const RSS_BOUND_MB = 512;
const RECOVERY_MS = 5000;
const TIMES = 5;
/** Of its capacity, under a load that it cannot carry: a server that sheds all sheds too much. */
const LEAST_SHARE = 0.25;

test('at five times what it can carry a server answers 200 or 503, in bounded time, and recovers at once', async (context) => {
  const server = await startLoaded({ tenants: 8 });
  const mixed = server.tenants.flatMap(({ id, defaultKey }) => [
    modernCall(defaultKey, 'whoami'),
    modernCall(server.hostKey, 'whoami', {}, { organizationId: id }),
    restCall(defaultKey, '/v1/agents/search?query=nurse&limit=5'),
  ]);
  await overload(context, server, mixed, {
    id: 'load.overload',
    property:
      'Offered five times its capacity, the server answers 200 or 503 in bounded time, and then recovers',
    boundMs: trials({ planted: 15_000, ci: 15_000, full: 1000 }),
    note: 'Server and generators share the cores; what found no free connection of the generators never left them.',
  });
});

test('a process that falls behind with its events sheds what it cannot carry', async (context) => {
  // The count is out of the way: the delay of the loop alone can tell.
  const server = await startLoaded({ tenants: 8, limits: { maxConcurrentRequests: 1_000_000 } });
  const busy = server.tenants.map(({ defaultKey }) => modernCall(defaultKey, 'load_busy'));
  await overload(context, server, busy, {
    id: 'load.loop-delay',
    property: 'A process whose calls keep it from its events sheds the rest, and then recovers',
    mustShed: true,
    // What comes while the loop is late by all that it may is taken up in its next turn, and is five times as much.
    boundMs: trials({ planted: 15_000, ci: 15_000, full: TIMES * 500 + 1000 }),
    note: 'A tool that computes for 4 ms; the limit on concurrent requests is lifted.',
  });
});

type Row = {
  readonly id: string;
  readonly property: string;
  readonly note: string;
  /** For accepted calls at p99, and for each question about the server's health. */
  readonly boundMs: number;
  readonly mustShed?: boolean;
};

async function overload(
  context: TestContext,
  server: LoadedServer,
  requests: readonly PlannedRequest[],
  row: Row,
) {
  const { id, property, note } = row;
  const run = await overloaded(server, requests);
  prove(context, {
    id,
    property,
    note,
    trials: total(run.loads, ({ offered, unsent }) => offered - unsent),
    unit: 'requests',
    failures: failuresOf(run, row),
    measured: figuresOf(run),
  });
}

type Run = Awaited<ReturnType<typeof overloaded>>;

/** Measures what the server can carry, offers it five times that, and watches a few calls during and after. */
async function overloaded(server: LoadedServer, requests: readonly PlannedRequest[]) {
  const calmSeconds = trials({ planted: 1, ci: 1.5, full: 5 });
  const plan = { port: server.port, requests, connections: 32, perSecond: null };
  await runLoad({ ...plan, seconds: 0.5 });
  const calm = await runLoad({ ...plan, seconds: calmSeconds });
  const capacity = (calm.outcomes['200'] ?? 0) / calmSeconds;
  const watch = watchServer(server);
  const half = { ...plan, seconds, perSecond: (capacity * TIMES) / 2, connections: 800 };
  const few = { ...plan, seconds: seconds + RECOVERY_MS / 1000 + 2, perSecond: 20 };
  const [beside, ...loads] = await Promise.all([runLoad(few), runLoad(half), runLoad(half)]);
  return { calm, capacity, loads, beside, ...(await watch.stop()) };
}

/** A probe connects anew, and may wait for the end of a short load; the full depth takes it at its word. */
const probeBoundMs = (boundMs: number): number => trials({ planted: 15_000, ci: 15_000, full: boundMs });

function failuresOf(run: Run, { boundMs, mustShed = false }: Row): string[] {
  const { loads, beside, probes, peakRssMb, capacity } = run;
  const p99Ms = worstOf(loads, 'p99Ms');
  const unanswered = total(loads, (load) => load.unanswered);
  const probeMs = Math.max(...probes.map(({ tookMs }) => tookMs));
  return [
    ...[beside, ...loads].flatMap(({ unexpected }) => unexpected),
    ...(p99Ms > boundMs ? [`accepted calls took up to ${p99Ms} ms at p99`] : []),
    ...(unanswered > 0 ? [`${unanswered} requests were never answered`] : []),
    ...probes.filter(({ ok }) => !ok).map(({ at }) => `/healthz did not answer 200 at ${at} ms`),
    ...(probeMs > probeBoundMs(boundMs) ? [`/healthz took ${Math.round(probeMs)} ms`] : []),
    ...(peakRssMb > RSS_BOUND_MB ? [`the process took ${Math.round(peakRssMb)} MB`] : []),
    ...(recoveryMs(run) > RECOVERY_MS
      ? [`calls were not all 200 again ${RECOVERY_MS} ms after the load`]
      : []),
    ...(counted(loads, '200') / seconds < capacity * LEAST_SHARE
      ? [
          `${counted(loads, '200')} calls were answered in ${seconds} s, of ${Math.round(capacity)} a second that it can`,
        ]
      : []),
    ...(mustShed && counted(loads, SHED) === 0 ? ['nothing was shed'] : []),
  ];
}

function figuresOf(run: Run) {
  const { calm, capacity, loads, probes, peakRssMb } = run;
  const aSecond = (count: number) => Math.round(count / seconds);
  return {
    capacityPerSecond: Math.round(capacity),
    duePerSecond: aSecond(total(loads, ({ offered }) => offered)),
    sentPerSecond: aSecond(total(loads, ({ offered, unsent }) => offered - unsent)),
    answered200PerSecond: aSecond(counted(loads, '200')),
    shed503PerSecond: aSecond(counted(loads, SHED)),
    refusedConnections: total(loads, (load) => load.refusedConnections),
    acceptedP50Ms: worstOf(loads, 'p50Ms'),
    acceptedP99Ms: worstOf(loads, 'p99Ms'),
    calmP99Ms: calm.latencies.p99Ms,
    slowestHealthzMs: Math.round(Math.max(...probes.map(({ tookMs }) => tookMs))),
    peakRssMb: Math.round(peakRssMb),
    recoveredMs: recoveryMs(run),
  };
}

const total = (loads: readonly LoadResult[], of: (load: LoadResult) => number): number =>
  loads.reduce((sum, load) => sum + of(load), 0);
const counted = (loads: readonly LoadResult[], outcome: string): number =>
  total(loads, ({ outcomes }) => outcomes[outcome] ?? 0);
const worstOf = (loads: readonly LoadResult[], name: keyof Latencies): number =>
  Math.max(...loads.map(({ latencies }) => latencies[name]));

/** From the end of the load to the end of the last half second with a refusal or a latency unlike the usual. */
function recoveryMs({ loads, beside, calm }: Run): number {
  const endMs = Math.max(...loads.map(({ startedAtMs }) => startedAtMs)) + seconds * 1000;
  const usualMs = Math.max(100, 3 * calm.latencies.p99Ms);
  const last = beside.halves.findLastIndex(({ ok, shed, p99Ms }) => ok === 0 || shed > 0 || p99Ms > usualMs);
  return Math.max(0, Math.round(beside.startedAtMs + (last + 1) * 500 - endMs));
}

type Probe = { readonly ok: boolean; readonly at: number; readonly tookMs: number };

/** Asks for its health over and over, as a probe does, and weighs it. */
function watchServer(server: LoadedServer) {
  const ended = new AbortController();
  const probes: Probe[] = [];
  let peakRssMb = 0;
  const startedMs = performance.now();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      const at = performance.now() - startedMs;
      const ok = await requestJson(`${server.url}/healthz`, { headers: { connection: 'close' } }).then(
        ({ status }) => status === 200,
        () => false,
      );
      probes.push({ ok, at: Math.round(at), tookMs: performance.now() - startedMs - at });
      peakRssMb = Math.max(peakRssMb, server.facts().rssMb);
      await setTimeout(100);
    }
  })();
  return {
    async stop() {
      ended.abort();
      await watching;
      return { probes, peakRssMb };
    },
  };
}
