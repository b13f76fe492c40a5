import { setTimeout as sleep } from 'node:timers/promises';
import { requestJson } from '../../support/http.ts';
import { depth } from '../support/depth.ts';
import type { Answers } from './ledger-of-answers.ts';
import { knownProbes, leakIn, type ProbeName, probe, type Seen, type Subject } from './probe.ts';

/** What goes wrong below a server, and how it is to answer meanwhile. */
export type Fault = {
  readonly name: string;
  begin(): unknown;
  end(): unknown;
  readonly codes: readonly string[];
  /** What `/readyz` says meanwhile; null where it depends on what the probe happens to touch. */
  readonly ready: 200 | 503 | null;
  readonly probes?: readonly ProbeName[];
  /** Whether what happens not to need the broken part may be answered rightly. */
  readonly maySucceed?: boolean;
};

/** For one answer: in spite of other load of the machine, the event loop did not stop. */
const BOUND_MS = 1000;
/** The promise is 100 ms; so much is held against the machine, over what a good call takes on it just then. */
const FULL_P99_MS = 250;
const RECOVERY_MS = depth === 'planted' ? 1500 : 5000;
const CALLERS = 3;
const MOST_TURNS = 500;

/** Numbers of all rounds together. */
export function createMeasure() {
  const refusedMs: number[] = [];
  const recoveredMs: number[] = [];
  const goodMs: number[] = [];
  const at = (sorted: readonly number[], share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  const sort = (times: readonly number[]) => times.toSorted((one, other) => one - other);
  return {
    refusedMs,
    recoveredMs,
    goodMs,
    /** Only where nothing else should be running: what refuses too late, all in all. */
    tooLate(): string[] {
      const p99 = at(sort(refusedMs), 0.99);
      const allowed = FULL_P99_MS + at(sort(goodMs), 0.99);
      return depth === 'full' && p99 > allowed ? [`p99 of refusals ${p99} ms, allowed ${allowed}`] : [];
    },
    summary() {
      const sorted = sort(refusedMs);
      return {
        refusals: sorted.length,
        refused_p50_ms: at(sorted, 0.5),
        refused_p99_ms: at(sorted, 0.99),
        refused_max_ms: at(sorted, 1),
        good_p99_ms: at(sort(goodMs), 0.99),
        recovered_max_ms: Math.round(Math.max(0, ...recoveredMs)),
      };
    },
  };
}

type Measure = ReturnType<typeof createMeasure>;

/** Good calls, the fault, what is answered meanwhile, and that all is well again by itself. */
export async function playRound(
  subject: Subject,
  fault: Fault,
  lastsMs: number,
  answers: Answers,
  measure: Measure,
): Promise<string[]> {
  const failures: string[] = [];
  const fail = (found: readonly string[]) => failures.push(...found.map((line) => `${fault.name}: ${line}`));
  for (const what of knownProbes) {
    const seen = await kept(what, subject, answers);
    measure.goodMs.push(seen.tookMs);
    fail(judgeGood(seen));
  }

  await fault.begin();
  try {
    const seen = await besiege(subject, fault, lastsMs, answers);
    fail(seen.flatMap((each) => judgeMeanwhile(each, fault)));
    const refused = seen.filter(({ status }) => status === 503);
    if (refused.length === 0) fail(['nothing was refused, so the fault was none']);
    measure.refusedMs.push(...refused.map(({ tookMs }) => tookMs));
    fail(await judgeProbes(subject, fault));
  } finally {
    await fault.end();
  }
  fail(await judgeRecovery(subject, answers, measure));
  fail(await answers.lostKeys(subject));
  return failures;
}

async function kept(what: ProbeName, subject: Subject, answers: Answers): Promise<Seen> {
  const seen = await probe(what, subject);
  answers.keep(seen);
  return seen;
}

/** Several callers ask until the time is up, and the fault was met: there may be some room left at first. */
async function besiege(subject: Subject, fault: Fault, lastsMs: number, answers: Answers): Promise<Seen[]> {
  const seen: Seen[] = [];
  const until = performance.now() + lastsMs;
  const asked = fault.probes ?? knownProbes;
  const isGoingOn = (turn: number) =>
    performance.now() < until ||
    turn < asked.length ||
    (turn < MOST_TURNS && !seen.some(({ status }) => status === 503));
  const ask = async (caller: number) => {
    for (let turn = caller; isGoingOn(turn); turn += CALLERS) {
      const what = asked[turn % asked.length] ?? 'mint';
      seen.push(await kept(what, subject, answers));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => ask(caller)));
  return seen;
}

const judgeGood = ({ what, status, code }: Seen): string[] =>
  status === 200 || status === 201 ? [] : [`${what}, without the fault: ${status} ${code ?? ''}`];

function judgeMeanwhile(seen: Seen, { codes, maySucceed = false }: Fault): string[] {
  const { what, status, code, tookMs, answer } = seen;
  const found = leakIn(seen);
  const isSuccess = status === 200 || status === 201;
  if (isSuccess && maySucceed) return found;
  const isRefusal = status === 503 && code !== null && codes.includes(code);
  if (!isRefusal)
    return [...found, `${what}: expected 503 ${codes.join(' or ')}, was ${status} ${code ?? ''}`];
  if (!/^[1-9]\d*$/.test(answer.headers.get('retry-after') ?? '')) found.push(`${what}: no Retry-After`);
  if (answer.headers.has('www-authenticate')) found.push(`${what}: a challenge`);
  if (tookMs > BOUND_MS) found.push(`${what}: refused after ${Math.round(tookMs)} ms`);
  return found;
}

async function judgeProbes({ url }: Subject, { ready }: Fault): Promise<string[]> {
  const startedMs = performance.now();
  const health = await requestJson(`${url}/healthz`).catch(() => undefined);
  const tookMs = performance.now() - startedMs;
  const readiness = await requestJson(`${url}/readyz`).catch(() => undefined);
  return [
    ...(health?.status === 200 && tookMs < BOUND_MS ? [] : [`/healthz: ${health?.status} in ${tookMs} ms`]),
    ...(ready === null || readiness?.status === ready ? [] : [`/readyz: ${readiness?.status}, not ${ready}`]),
  ];
}

/** Nobody restarts it: each kind of call works again within some seconds. */
async function judgeRecovery(subject: Subject, answers: Answers, measure: Measure): Promise<string[]> {
  const endedMs = performance.now();
  for (;;) {
    const seen: Seen[] = [];
    for (const what of knownProbes) seen.push(await kept(what, subject, answers));
    const bad = seen.flatMap(judgeGood);
    const tookMs = performance.now() - endedMs;
    if (bad.length === 0) {
      measure.recoveredMs.push(tookMs);
      const readiness = await requestJson(`${subject.url}/readyz`);
      return readiness.status === 200 ? [] : [`/readyz: ${readiness.status} once all was well`];
    }
    if (tookMs > RECOVERY_MS) return bad.map((line) => `${line}, and ${RECOVERY_MS} ms later still`);
    await sleep(20);
  }
}
