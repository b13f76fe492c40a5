import { setTimeout } from 'node:timers/promises';
import { type TestContext, test } from 'vitest';
import { requestJson } from '../support/http.ts';
import { type LoadedServer, runLoad, startLoaded } from './load/loaded-server.ts';
import { type LoadResult, type PlannedRequest, SHED } from './load/plan.ts';
import { modernCall, restCall } from './load/requests.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

/** What each depth allows; other tests take the processor away at the others. */
const seconds = trials({ planted: 2, ci: 5, full: 60 });
const p99BoundMs = trials({ planted: 5000, ci: 5000, full: 1000 });
const probeBoundMs = trials({ planted: 4000, ci: 4000, full: 1000 });
const RSS_BOUND_MB = 512;
const RECOVERY_MS = 5000;
const TIMES = 5;

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
    note: 'A tool that computes for 4 ms; the limit on concurrent requests is lifted.',
  });
});

type Row = { id: string; property: string; note: string; mustShed?: boolean };

async function overload(
  context: TestContext,
  server: LoadedServer,
  requests: readonly PlannedRequest[],
  { mustShed = false, ...row }: Row,
) {
  const { port } = server;
  const plan = { port, requests, connections: 32, perSecond: null };
  await runLoad({ ...plan, seconds: 0.5 });
  const calm = await runLoad({ ...plan, seconds: trials({ planted: 1, ci: 1.5, full: 5 }) });
  const capacity = (calm.outcomes['200'] ?? 0) / trials({ planted: 1, ci: 1.5, full: 5 });
  const watch = watchServer(server);
  const half = { ...plan, seconds, perSecond: (capacity * TIMES) / 2, connections: 800 };
  const loads = await Promise.all([runLoad(half), runLoad(half)]);
  const after = await runLoad({
    ...plan,
    perSecond: Math.min(100, capacity / 4),
    seconds: RECOVERY_MS / 1000 + 1,
  });
  const { probes, peakRssMb } = await watch.stop();
  const count = (outcome: string) => loads.reduce((sum, { outcomes }) => sum + (outcomes[outcome] ?? 0), 0);
  const total = (of: 'offered' | 'unsent' | 'refusedConnections' | 'unanswered') =>
    loads.reduce((sum, load) => sum + load[of], 0);
  const p99Ms = Math.max(...loads.map(({ latencies }) => latencies.p99Ms));
  const slowestProbeMs = Math.round(Math.max(...probes.map(({ tookMs }) => tookMs)));
  const recoveredMs = recoveryMs(after, calm);
  const shed = count(SHED);
  const failures = [
    ...[...loads, after].flatMap(({ unexpected }) => unexpected),
    ...(p99Ms > p99BoundMs ? [`accepted calls took up to ${p99Ms} ms at p99`] : []),
    ...(total('unanswered') > 0 ? [`${total('unanswered')} requests were never answered`] : []),
    ...probes.filter(({ ok }) => !ok).map(({ at }) => `/healthz did not answer 200 at ${at} ms`),
    ...(slowestProbeMs > probeBoundMs ? [`/healthz took ${slowestProbeMs} ms`] : []),
    ...(peakRssMb > RSS_BOUND_MB ? [`the process took ${Math.round(peakRssMb)} MB`] : []),
    ...(recoveredMs > RECOVERY_MS ? [`calls were not all 200 again after ${RECOVERY_MS} ms`] : []),
    ...(mustShed && shed === 0 ? ['nothing was shed'] : []),
  ];
  prove(context, {
    ...row,
    trials: total('offered') - total('unsent'),
    unit: 'requests',
    failures,
    measured: {
      capacityPerSecond: Math.round(capacity),
      offeredPerSecond: Math.round(total('offered') / seconds),
      sentPerSecond: Math.round((total('offered') - total('unsent')) / seconds),
      answered200PerSecond: Math.round(count('200') / seconds),
      shed503PerSecond: Math.round(shed / seconds),
      refusedConnections: total('refusedConnections'),
      acceptedP50Ms: Math.max(...loads.map(({ latencies }) => latencies.p50Ms)),
      acceptedP99Ms: p99Ms,
      calmP99Ms: calm.latencies.p99Ms,
      slowestHealthzMs: slowestProbeMs,
      peakRssMb: Math.round(peakRssMb),
      recoveredMs,
    },
  });
}

/** How long after the load the last half second was that had a refusal or a latency unlike the usual. */
function recoveryMs(after: LoadResult, calm: LoadResult): number {
  const usualMs = Math.max(100, 3 * calm.latencies.p99Ms);
  const last = after.halves.findLastIndex(({ ok, shed, p99Ms }) => ok === 0 || shed > 0 || p99Ms > usualMs);
  return (last + 1) * 500;
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
