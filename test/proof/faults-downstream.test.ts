import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { requestJson } from '../support/http.ts';
import { keepAnswers } from './faults/ledger-of-answers.ts';
import { type Mood, startMoodyPlatform } from './faults/platform.ts';
import { leakIn, type ProbeName, probe, type Seen, type Subject, timed } from './faults/probe.ts';
import { startSubject } from './faults/subjects.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const TIMEOUT_MS = 1000;
/** Beyond the timeout; other tests use the same two cores. */
const SLACK_MS = depth === 'full' ? 500 : 1500;
/** A circuit that opened lets one call through again after ten seconds. */
const CIRCUIT_MS = 10_000;
const FAILURES_TO_OPEN = 5;

const moods = [
  ['refuses', 'DOWNSTREAM_FAILED'],
  ['hangs', 'DOWNSTREAM_TIMEOUT'],
  ['drips', 'DOWNSTREAM_TIMEOUT'],
  ['resets', 'DOWNSTREAM_FAILED'],
  ['breaks off', 'DOWNSTREAM_FAILED'],
] as const satisfies readonly (readonly [Mood, string])[];
const searches: readonly ProbeName[] = ['search on MCP', 'search on REST'];
const others: readonly ProbeName[] = ['whoami on REST', 'list keys', 'mint'];

async function startBehind() {
  const platform = await startMoodyPlatform();
  const downstream = { url: platform.url, retries: 0, timeoutSeconds: TIMEOUT_MS / 1000 };
  const subject = await startSubject(undefined, { downstream });
  return { platform, subject, answers: keepAnswers() };
}

test('a platform that is gone fails its own calls and no others, and is back with the next call', async (context) => {
  const { platform, subject, answers } = await startBehind();
  const failures: string[] = [];
  const turns = trials({ planted: 1, ci: 1, full: 25 });
  const failedMs: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [mood, code] of moods) {
      const fail = (found: readonly string[]) => failures.push(...found.map((line) => `${mood}: ${line}`));
      fail(await judgeWell(subject, [...searches, ...others]));
      await platform.become(mood);
      // Twice over each protocol: one more in a row, and the circuit would open.
      const asked = [...searches, ...searches].map((what) => probe(what, subject));
      fail(await judgeWell(subject, others));
      const seen = await Promise.all(asked);
      fail(seen.flatMap((each) => judgeFailed(each, code)));
      if (code === 'DOWNSTREAM_FAILED') failedMs.push(...seen.map(({ tookMs }) => tookMs));
      const ready = await requestJson(`${subject.url}/readyz`);
      if (ready.status !== 200) fail([`/readyz: ${ready.status}`]);
      await platform.become('well');
      fail(await judgeWell(subject, searches));
    }
  }
  failures.push(...(await answers.lostKeys(subject)));
  failures.push(...(await subject.stop()), ...(await answers.missingRows(subject.dataDir)));
  prove(context, {
    id: 'faults.downstream',
    property: 'A platform that refuses, hangs or breaks off fails its own calls, with a code, and no others.',
    trials: turns * moods.length,
    unit: 'outages',
    failures,
    measured: { failed_max_ms: Math.round(Math.max(...failedMs)), acknowledged: answers.acknowledged },
  });

  async function judgeWell(asked: Subject, names: readonly ProbeName[]): Promise<string[]> {
    const seen = await Promise.all(names.map((what) => probe(what, asked)));
    seen.forEach(answers.keep);
    return seen
      .filter(({ answer }) => !isWell(answer))
      .map(({ what, status, code }) => `${what}: ${status} ${code}`);
  }
});

test('a platform that keeps failing one organisation is spared its calls, and no other is', async (context) => {
  const { platform, subject } = await startBehind();
  const failures: string[] = [];
  const rounds = trials({ planted: 1, ci: 1, full: 5 });
  const searchAs = (key: string) =>
    timed('search', () => requestJson(`${subject.url}/v1/agents/search`, { key }));
  await searchAs(subject.defaultKey);
  const [own = ''] = platform.organizations();
  const spared: number[] = [];
  const backMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await platform.become('resets', own);
    for (let call = 0; call < FAILURES_TO_OPEN; call += 1) {
      failures.push(...judgeFailed(await searchAs(subject.defaultKey), 'DOWNSTREAM_FAILED'));
    }
    const arrived = platform.callsOf(own);
    for (let call = 0; call < 20; call += 1) {
      const seen = await searchAs(subject.defaultKey);
      failures.push(...judgeFailed(seen, 'DOWNSTREAM_FAILED'));
      spared.push(seen.tookMs);
      const other = await searchAs(subject.otherKey);
      if (other.status !== 200) failures.push(`another organisation: ${other.status} ${other.code}`);
    }
    if (platform.callsOf(own) > arrived) failures.push('a call was sent while the circuit was open');
    await platform.become('well');
    backMs.push(await untilWell(() => searchAs(subject.defaultKey), failures));
  }
  failures.push(...(await subject.stop()));
  prove(context, {
    id: 'faults.circuit',
    property: 'After five failures in a row an organisation fails at once, others do not, and it comes back.',
    trials: rounds,
    unit: 'circuits',
    failures,
    measured: {
      spared_max_ms: Math.round(Math.max(...spared)),
      back_max_ms: Math.round(Math.max(...backMs)),
    },
  });
});

async function untilWell(search: () => Promise<Seen>, failures: string[]): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const { status, code } = await search();
    const tookMs = performance.now() - startedMs;
    if (status === 200) return tookMs;
    if (tookMs > CIRCUIT_MS + SLACK_MS) failures.push(`the circuit stays open: ${status} ${code}`);
    if (tookMs > CIRCUIT_MS + SLACK_MS) return tookMs;
    await sleep(100);
  }
}

const isWell = ({ status, text }: Seen['answer']): boolean =>
  (status === 200 || status === 201) && !text.includes('"isError":true');

function judgeFailed(seen: Seen, expected: string): string[] {
  const { what, status, code, tookMs } = seen;
  const found = leakIn(seen);
  const restStatus = expected === 'DOWNSTREAM_TIMEOUT' ? 504 : 502;
  const wanted = what === 'search on MCP' ? 200 : restStatus;
  if (status !== wanted || code !== expected)
    found.push(`${what}: expected ${wanted} ${expected}, was ${status} ${code}`);
  if (tookMs > TIMEOUT_MS + SLACK_MS) found.push(`${what}: failed after ${Math.round(tookMs)} ms`);
  return found;
}
