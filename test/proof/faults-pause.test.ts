import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { keepAnswers } from './faults/ledger-of-answers.ts';
import { knownProbes, leakIn, probe, type Seen } from './faults/probe.ts';
import { startSubject } from './faults/subjects.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const CALLERS = 16;
const BEFORE_MS = 200;
/** What comes while the process is stopped, besides what the callers ask. */
const WAITING = 100;
const AFTER_MS = 1500;
/** How late an answer may be after the pause: so long, or as often as long as the same crowd takes without a pause. */
const AFTERWARDS_MS = 2000;
const TIMES_CALM = 4;

test('a process that was stopped for a while answers everything that was asked, before and meanwhile', async (context) => {
  const subject = await startSubject();
  const answers = keepAnswers();
  const failures: string[] = [];
  const rounds = trials({ planted: 1, ci: 2, full: 20 });
  const stoppedMs = trials({ planted: 500, ci: 2000, full: 2000 });
  const slowestMs: number[] = [];
  let asked = 0;
  const crowd = () => Promise.all(Array.from({ length: WAITING }, () => probe('whoami on REST', subject)));
  // The machine may be busy: then it is with a pause and without one.
  const calmMs = Math.max(...(await crowd()).map(({ tookMs }) => tookMs));
  const latestMs = stoppedMs + Math.max(AFTERWARDS_MS, TIMES_CALM * calmMs);
  for (let round = 0; round < rounds; round += 1) {
    const until = performance.now() + BEFORE_MS + stoppedMs + AFTER_MS;
    const load = Promise.all(Array.from({ length: CALLERS }, (_, caller) => askUntil(until, caller)));
    await sleep(BEFORE_MS);
    subject.kill('SIGSTOP');
    const waiting = crowd();
    await sleep(stoppedMs);
    subject.kill('SIGCONT');
    const seen = [...(await load).flat(), ...(await waiting)];
    asked += seen.length;
    slowestMs.push(Math.max(...seen.map(({ tookMs }) => tookMs)) - stoppedMs);
    for (const each of seen) {
      answers.keep(each);
      failures.push(...check(each, latestMs));
    }
    failures.push(...(await answers.lostKeys(subject)));
  }
  failures.push(...(await subject.stop()), ...(await answers.missingRows(subject.dataDir)));
  prove(context, {
    id: 'faults.paused',
    property:
      'A process stopped for two seconds under load answers every request: what was asked before, meanwhile and next, and none wrongly.',
    trials: rounds,
    unit: 'pauses',
    failures,
    measured: {
      requests: asked,
      slowest_beyond_the_pause_ms: Math.round(Math.max(...slowestMs)),
      slowest_without_a_pause_ms: Math.round(calmMs),
    },
  });

  async function askUntil(until: number, caller: number): Promise<Seen[]> {
    const seen: Seen[] = [];
    for (let turn = caller; performance.now() < until; turn += 1) {
      seen.push(await probe(knownProbes[turn % knownProbes.length] ?? 'mint', subject));
    }
    return seen;
  }
});

function check(seen: Seen, latestMs: number): string[] {
  const { what, status, code, tookMs } = seen;
  const found = leakIn(seen);
  if (status !== 200 && status !== 201) found.push(`${what}: ${status} ${code ?? seen.answer.text}`);
  if (tookMs > latestMs) found.push(`${what}: answered after ${Math.round(tookMs)} ms`);
  return found;
}
