import { isBusy } from '../support/fleet.ts';
import { type KeptConnection, type Outcome, openConnection } from '../support/kept-connection.ts';

/** One connection to one process, kept over all that is tried, on which one kind of request is repeated. */
export type Line = { readonly place: string; readonly send: (request: Buffer) => Promise<Answered> };
export type Answered = Extract<Outcome, { answered: true }>;
export type Caller = { readonly line: Line; readonly request: Buffer };

export type Expected = { readonly status: number; readonly code: string };
export type Seen = {
  readonly failures: readonly string[];
  /** When the first refusal came and when the last caller had its own, in milliseconds since 1970. */
  readonly firstDenialAt: number;
  readonly lastDenialAt: number;
  readonly acknowledgedAt: number;
  readonly busy: number;
};

const MOST_TRIES = 200;

/** A server may close a connection that is idle for 5 s; nothing was answered then, and another is opened. */
export async function openLine(port: number, place: string): Promise<Line> {
  let connection: KeptConnection = await openConnection(port);
  const send = async (request: Buffer): Promise<Answered> => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (!connection.isOpen) connection = await openConnection(port);
      const outcome = await connection.send(request);
      if (outcome.answered) return outcome;
      if (outcome.receivedBytes > 0) break;
    }
    throw new Error(`${place}: an answer was cut short`);
  };
  return { place, send };
}

type Watch = { acknowledged: boolean; readonly denials: number[]; readonly failures: string[]; busy: number };

/**
 * Callers that all repeat their requests while `change` takes place. A request that began after the change was
 * acknowledged must be refused as `expected`, on every connection; a request that overlaps the change may go either way.
 */
export async function watchChange(
  callers: readonly Caller[],
  change: () => Promise<unknown>,
  expected: Expected,
): Promise<Seen> {
  const watch: Watch = { acknowledged: false, denials: [], failures: [], busy: 0 };
  await Promise.all(callers.map((caller) => askBefore(caller, watch)));
  const ends = Promise.all(callers.map((caller) => askOnAndOn(caller, expected, watch)));
  await change().finally(() => {
    watch.acknowledged = true;
  });
  const acknowledgedAt = wallMs(performance.now());
  await ends;
  const { failures, denials, busy } = watch;
  const [first, last] = [Math.min(...denials), Math.max(...denials)];
  return { failures, firstDenialAt: first, lastDenialAt: last, acknowledgedAt, busy };
}

/** Every connection has served the key before, so that each process remembers all that it can. */
async function askBefore(caller: Caller, watch: Watch): Promise<void> {
  const answer = await askPatiently(caller, watch);
  if (answer.status !== 200) fail(caller.line, watch, answer, 'refused before the change');
}

async function askOnAndOn(caller: Caller, expected: Expected, watch: Watch): Promise<void> {
  const { line } = caller;
  for (let isDenied = false; ; ) {
    let isAfter = false;
    const answer = await askPatiently(caller, watch, () => {
      isAfter = watch.acknowledged;
    });
    if (answer.status === expected.status && answer.body.includes(`"${expected.code}"`)) {
      if (!isDenied) watch.denials.push(wallMs(answer.endedMs));
      isDenied = true;
      if (isAfter) return;
    } else if (answer.status !== 200) return fail(line, watch, answer, 'an unexpected answer');
    else if (isAfter) return fail(line, watch, answer, 'begun after the acknowledgement, accepted');
    else if (isDenied) return fail(line, watch, answer, 'refused before, accepted now');
  }
}

/** Asks until the store is not busy; `begin` is called right before each request is handed over. */
async function askPatiently({ line, request }: Caller, watch: Watch, begin = () => {}): Promise<Answered> {
  for (let tries = 1; ; tries += 1) {
    begin();
    const answer = await line.send(request);
    if (!isBusy(answer) || tries === MOST_TRIES) return answer;
    watch.busy += 1;
  }
}

const fail = ({ place }: Line, { failures }: Watch, { status, body }: Answered, why: string): void =>
  void failures.push(`${place}: ${why}: ${status} ${body.slice(0, 200)}`);

const wallMs = (ms: number): number => performance.timeOrigin + ms;
