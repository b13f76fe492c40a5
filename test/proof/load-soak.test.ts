import { setTimeout } from 'node:timers/promises';
import { test } from 'vitest';
import { inspected, openHeap } from './load/heap.ts';
import { type LoadedServer, type ProcessFacts, runLoad, startLoaded } from './load/loaded-server.ts';
import { type PlannedRequest, SHED } from './load/plan.ts';
import { modernCall, olderCall, restCall } from './load/requests.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const isFull = depth === 'full';
const tenants = trials({ planted: 10, ci: 30, full: 100 });
const fullSeconds = 60 * Number(process.env.PROOF_SOAK_MINUTES ?? 10);
const seconds = trials({ planted: 5, ci: 20, full: fullSeconds });
const perSecond = trials({ planted: 300, ci: 300, full: 800 });
/** Garbage that is not collected yet looks like a slope where the run is short. */
const mostMbPerMinute = isFull ? 1 : 1000;
const MOST_RSS_MB = 512;
/** Tables that grow once, and code that is compiled late, are shared by few calls in a short run. */
const mostHeldBytesPerCall = trials({ planted: 800, ci: 400, full: 20 });

test('a server that runs on and on takes no more memory, descriptors or timers for it', async (context) => {
  const server = await startLoaded({ tenants, env: inspected });
  const heap = await openHeap(server.seen.stderr);
  const plan = { port: server.port, connections: 64, perSecond, requests: mixOf(server) };
  // Code that the first request of a kind loads or compiles does not count.
  await runLoad({ ...plan, seconds: trials({ planted: 3, ci: 5, full: 30 }) });
  await settled();
  const before = { heldBytes: await heap.heldBytes(), ...(await resourcesOf(server)) };
  const ended = new AbortController();
  const sampling = sample(server, ended.signal);
  const load = await runLoad({ ...plan, seconds });
  ended.abort();
  const { samples, slowestTurnP99Ms } = await sampling;
  await settled();
  const after = { heldBytes: await heap.heldBytes(), ...(await resourcesOf(server)) };
  const slope = slopePerMinute(samples.slice(Math.floor(samples.length / 2)));
  const peakRssMb = Math.max(...samples.map(({ rssMb }) => rssMb));
  const calls = load.offered - load.unsent;
  const heldBytesPerCall = (after.heldBytes - before.heldBytes) / calls;
  prove(context, {
    id: 'load.soak',
    property: 'Memory, descriptors and timers stay flat under a long mixed load',
    trials: calls,
    unit: 'requests',
    failures: [
      ...load.unexpected,
      ...(load.unanswered > 0 ? [`${load.unanswered} requests were never answered`] : []),
      ...((load.outcomes[SHED] ?? 0) > calls / 100 ? [`${load.outcomes[SHED]} calls were shed`] : []),
      ...(slope > mostMbPerMinute ? [`the resident set grows by ${slope.toFixed(1)} MB a minute`] : []),
      ...(peakRssMb > MOST_RSS_MB ? [`the resident set reached ${Math.round(peakRssMb)} MB`] : []),
      ...(heldBytesPerCall > mostHeldBytesPerCall
        ? [`each call leaves ${Math.round(heldBytesPerCall)} bytes behind`]
        : []),
      ...(after.descriptors > before.descriptors + 5
        ? [`${after.descriptors} descriptors are open, ${before.descriptors} before`]
        : []),
      ...(after.resources > before.resources + 5
        ? [`${after.resources} timers and handles are active, ${before.resources} before`]
        : []),
    ],
    measured: {
      minutes: Math.round(seconds / 6) / 10,
      organizations: tenants,
      sentPerSecond: Math.round(calls / seconds),
      shed: load.outcomes[SHED] ?? 0,
      callersThatLeft: load.outcomes.left ?? 0,
      rssMbPerMinute: Math.round(slope * 100) / 100,
      peakRssMb: Math.round(peakRssMb),
      heldBytesPerCall: Math.round(heldBytesPerCall * 10) / 10,
      descriptors: `${before.descriptors} -> ${after.descriptors}`,
      timersAndHandles: `${before.resources} -> ${after.resources}`,
      slowestLoopDelayP99Ms: slowestTurnP99Ms,
      p50Ms: load.latencies.p50Ms,
      p99Ms: load.latencies.p99Ms,
      p999Ms: load.latencies.p999Ms,
    },
    ...(isFull
      ? {}
      : { note: 'Too short for a slope; what a call leaves behind is counted after a collection.' }),
  });
});

test('at a thousand calls a second an answer comes at once', async (context) => {
  const server = await startLoaded({ tenants: 10 });
  const requests = server.tenants.flatMap(({ id, defaultKey }) => [
    modernCall(defaultKey, 'whoami'),
    olderCall(defaultKey, 'search_agents', { query: 'nurse', limit: 5 }),
    modernCall(server.hostKey, 'whoami', {}, { organizationId: id }),
  ]);
  const plan = { port: server.port, connections: 64, perSecond: 1000, requests };
  await runLoad({ ...plan, seconds: trials({ planted: 1, ci: 2, full: 10 }) });
  const load = await runLoad({ ...plan, seconds: trials({ planted: 2, ci: 5, full: 60 }) });
  const boundMs = isFull ? 25 : 5000;
  const { p50Ms, p99Ms, p999Ms } = load.latencies;
  prove(context, {
    id: 'load.latency',
    property: 'At 1,000 calls a second 99 of 100 answers come within 25 ms',
    trials: load.offered - load.unsent,
    unit: 'calls',
    failures: [
      ...load.unexpected,
      // What could not even be sent waited for longer than anything that was.
      ...(isFull && load.unsent > load.offered / 100 ? [`${load.unsent} calls could not be sent`] : []),
      ...(p99Ms > boundMs ? [`${p99Ms} ms at p99, bound ${boundMs} ms`] : []),
    ],
    measured: { p50Ms, p99Ms, p999Ms, unsent: load.unsent, generatorDelayMs: load.ownDelayMs },
    note: 'The generator runs on the same cores as the server.',
  });
});

/** Own keys and the host key, both eras and REST, refusals, streams, and clients that go away. */
function mixOf({ tenants: all, hostKey }: LoadedServer): PlannedRequest[] {
  return all.flatMap(({ id, defaultKey }) => [
    modernCall(defaultKey, 'whoami'),
    modernCall(defaultKey, 'search_agents', { query: 'nurse', limit: 5 }),
    modernCall(hostKey, 'whoami', {}, { organizationId: id }),
    olderCall(defaultKey, 'list_studies'),
    olderCall(hostKey, 'whoami', {}, { expected: '403 ORGANIZATION_REQUIRED' }),
    restCall(defaultKey, '/v1/agents/search?query=teacher&limit=5'),
    restCall(defaultKey, '/v1/keys', { expected: '403 INSUFFICIENT_SCOPE' }),
    restCall(misspelt(defaultKey), '/v1/whoami', { expected: '401 INVALID_TOKEN' }),
    modernCall(defaultKey, 'load_counting', {}, { progress: true }),
    modernCall(defaultKey, 'load_patient', {}, { leavesAfterMs: 40 }),
  ]);
}

const misspelt = (key: string): string => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

/** The generator's connections ended with it; calls that a client left behind end within half a second. */
const settled = () => setTimeout(2000);

const resourcesOf = async (server: LoadedServer) => ({
  descriptors: server.facts().descriptors,
  resources: await server.figure('nodejs_active_resources_total'),
});

async function sample(server: LoadedServer, signal: AbortSignal) {
  const samples: (ProcessFacts & { readonly minute: number })[] = [];
  let slowestTurnP99Ms = 0;
  const startedMs = performance.now();
  while (!signal.aborted) {
    const turnMs = (await server.figure('nodejs_eventloop_lag_p99_seconds')) * 1000;
    slowestTurnP99Ms = Math.max(slowestTurnP99Ms, Math.round(turnMs * 10) / 10);
    samples.push({ ...server.facts(), minute: (performance.now() - startedMs) / 60_000 });
    await setTimeout(isFull ? 5000 : 500);
  }
  return { samples, slowestTurnP99Ms };
}

/** Least squares. */
function slopePerMinute(samples: readonly { readonly rssMb: number; readonly minute: number }[]): number {
  const mean = (of: (sample: (typeof samples)[number]) => number) =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const minute = mean((each) => each.minute);
  const rssMb = mean((each) => each.rssMb);
  const together = mean((each) => (each.minute - minute) * (each.rssMb - rssMb));
  const spread = mean((each) => (each.minute - minute) ** 2);
  return spread === 0 ? 0 : together / spread;
}
