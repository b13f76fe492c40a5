import { setTimeout } from 'node:timers/promises';
import { test } from 'vitest';
import { type Form, forms, openHalfOpen } from './load/half-open.ts';
import { inspected, openHeap } from './load/heap.ts';
import { runLoad, startLoaded } from './load/loaded-server.ts';
import { SHED } from './load/plan.ts';
import { modernCall, restCall } from './load/requests.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const PER_FORM = trials({ planted: 30, ci: 200, full: 1000 });
/** How long the server may keep each, in milliseconds; a busy machine is late with everything. */
const SLACK_MS = depth === 'full' ? 0 : 5000;
const mostKeptMs: Readonly<Record<Form, number>> = {
  'slow header': 7000 + SLACK_MS,
  'slow body': 12_000 + SLACK_MS,
  idle: 7000 + SLACK_MS,
};
const LOAD_SECONDS = 14;
const MOST_RSS_MB = 512;
/** What is compiled late is shared by few connections in a short run; the good clients' calls count here too. */
const mostHeldBytes = trials({ planted: 20_000, ci: 4000, full: 1000 });

test('clients that never finish a request are closed in time, hold no place, and slow nobody down', async (context) => {
  // Far fewer places than half-open connections, so that any that held one would be missed.
  const limits = { maxConcurrentRequests: 40 };
  const server = await startLoaded({ tenants: 8, limits, env: inspected });
  const heap = await openHeap(server.seen.stderr);
  const { port, tenants } = server;
  const slowKey = tenants[0]?.defaultKey ?? '';
  const good = {
    port,
    connections: 8,
    perSecond: 150,
    requests: tenants.flatMap(({ defaultKey }) => [
      modernCall(defaultKey, 'whoami'),
      restCall(defaultKey, '/v1/agents/search?query=nurse&limit=5'),
    ]),
  };
  await runLoad({ ...good, seconds: 1 });
  const calm = await runLoad({ ...good, seconds: trials({ planted: 2, ci: 3, full: 10 }) });
  const before = { heldBytes: await heap.heldBytes(), ...server.facts() };
  const opened = forms.map((form) => ({ form, ...openHalfOpen(port, form, PER_FORM, slowKey) }));
  const leavers = {
    port,
    connections: 8,
    perSecond: 15,
    requests: [modernCall(slowKey, 'load_patient', {}, { leavesAfterMs: 100 })],
  };
  const [meanwhile, left] = await Promise.all([
    runLoad({ ...good, seconds: LOAD_SECONDS }),
    runLoad({ ...leavers, seconds: LOAD_SECONDS }),
  ]);
  await setTimeout(SLACK_MS / 2 + 500);
  const after = { heldBytes: await heap.heldBytes(), ...server.facts() };
  const kept = opened.map(({ form, kept: times }) => ({ form, times: times() }));
  const late = kept.flatMap(({ form, times }) => lateOf(form, times));
  const heldBytes = (after.heldBytes - before.heldBytes) / (PER_FORM * forms.length);
  const p99BoundMs =
    depth === 'full' ? Math.max(2 * calm.latencies.p99Ms, calm.latencies.p99Ms + 10) : 10_000;
  const shed = meanwhile.outcomes[SHED] ?? 0;
  heap.close();
  server.kill('SIGTERM');
  const { code } = await server.closed;
  prove(context, {
    id: 'load.slow-clients',
    property:
      'A client that never finishes its request is closed in time, holds no place and slows nobody down',
    trials: PER_FORM * forms.length,
    unit: 'half-open connections',
    failures: [
      ...late,
      ...meanwhile.unexpected,
      ...left.unexpected.map((line) => `of those who leave: ${line}`),
      ...(shed > 0 ? [`${shed} calls of good clients were shed`] : []),
      ...(meanwhile.latencies.p99Ms > p99BoundMs
        ? [`good clients waited ${meanwhile.latencies.p99Ms} ms at p99, ${calm.latencies.p99Ms} ms before`]
        : []),
      ...(after.descriptors > before.descriptors + 5
        ? [`${after.descriptors} descriptors are open, ${before.descriptors} before`]
        : []),
      ...(after.rssMb > MOST_RSS_MB ? [`the process takes ${Math.round(after.rssMb)} MB`] : []),
      ...(heldBytes > mostHeldBytes ? [`each connection left ${Math.round(heldBytes)} bytes behind`] : []),
      ...(code === 0 ? [] : [`the server ended with ${code} when it was asked to`]),
    ],
    measured: {
      ...Object.fromEntries(
        kept.map(({ form, times }) => [`${form} closedWithinMs`, Math.round(Math.max(...times.map(Number)))]),
      ),
      goodP99MsBefore: calm.latencies.p99Ms,
      goodP99MsDuring: meanwhile.latencies.p99Ms,
      callersThatLeft: left.outcomes.left ?? 0,
      heldBytesPerConnection: Math.round(heldBytes),
      rssMbBefore: Math.round(before.rssMb),
      rssMbAfter: Math.round(after.rssMb),
      descriptorsBefore: before.descriptors,
      descriptorsAfter: after.descriptors,
    },
  });
});

const lateOf = (form: Form, times: readonly (number | null)[]): string[] =>
  times.flatMap((keptMs) => {
    if (keptMs === null) return [`${form}: still open at the end`];
    return keptMs > mostKeptMs[form] ? [`${form}: closed after ${Math.round(keptMs)} ms`] : [];
  });
