import { test } from 'vitest';
import { keepAnswers } from './faults/ledger-of-answers.ts';
import { knownProbes, leakIn, type ProbeName, probe, type Seen } from './faults/probe.ts';
import { startHolder, startWatched } from './locks/watched-server.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const CALLERS = 16;
const heldMs = [30, 100, 300, 1000];
const roundMs = trials({ planted: 2500, ci: 2500, full: 30_000 });
const MOST_LATE_MS = 20;

/** A good part of them changes something, whose commit is synced. */
const asked: readonly ProbeName[] = [...knownProbes, 'mint', 'whoami on REST', 'unknown key'];

type Server = Awaited<ReturnType<typeof startWatched>>;

test('a lock that another process holds again and again costs time, and no error', async (context) => {
  const server = await startWatched();
  const answers = keepAnswers();
  const failures: string[] = [];
  const measured: Record<string, number> = {};
  await askFor(server, 500);
  await server.loopDelay();
  await askFor(server, roundMs);
  const usualMs = (await server.loopDelay()).p99Ms;
  // A machine that is busy makes every loop late.
  const boundMs = Math.max(MOST_LATE_MS, 2 * usualMs);
  let calls = 0;
  for (const held of heldMs) {
    for (const mode of ['IMMEDIATE', 'EXCLUSIVE']) {
      const holder = await startHolder(server.storeFile, mode, held, Math.max(30, held / 5));
      await server.loopDelay();
      const seen = await askFor(server, Math.max(roundMs, 2.5 * held));
      const { p99Ms } = await server.loopDelay();
      const locks = await holder.stop();
      calls += seen.length;
      const name = `${mode.toLowerCase()}_${held}_ms`;
      measured[`${name}_p99_late_ms`] = Math.round(p99Ms);
      measured[`${name}_slowest_ms`] = Math.round(Math.max(...seen.map(({ tookMs }) => tookMs)));
      if (p99Ms > boundMs) failures.push(`${name}: the event loop was ${Math.round(p99Ms)} ms late at p99`);
      if (locks < 2) failures.push(`${name}: the lock was held ${locks} times`);
      failures.push(...seen.flatMap((each) => check(each, name)));
      for (const each of seen) answers.keep(each);
    }
  }
  failures.push(...(await answers.lostKeys(server)), ...(await server.stop()));
  failures.push(...(await answers.missingRows(server.dataDir)));
  prove(context, {
    id: 'store.locks',
    property:
      'A lock that another process holds for up to a second, again and again, costs time and no error, and the event loop goes on.',
    trials: calls,
    unit: 'calls',
    failures,
    measured: { usual_p99_late_ms: Math.round(usualMs), ...measured },
    note: 'Where the machine is busy the loop is held to twice what it is late without a lock.',
  });
});

function check(seen: Seen, name: string): string[] {
  const { what, status, code, answer } = seen;
  const wanted = what === 'unknown key' ? status === 401 : status === 200 || status === 201;
  return [...leakIn(seen), ...(wanted ? [] : [`${name}: ${what}: ${status} ${code ?? answer.text}`])];
}

/** Callers that ask one thing after the other. */
async function askFor(server: Server, ms: number): Promise<readonly Seen[]> {
  const until = performance.now() + ms;
  const seen = await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      const own: Seen[] = [];
      for (let turn = caller; performance.now() < until; turn += 1) {
        own.push(await probe(asked[turn % asked.length] ?? 'mint', server));
      }
      return own;
    }),
  );
  return seen.flat();
}
