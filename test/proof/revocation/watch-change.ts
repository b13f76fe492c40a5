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
 * acknowledged must be refused as `expected`, on whatever connection; what overlaps the change may go either way.
 */
export async function watchChange(
  callers: readonly Caller[],
  change: () => Promise<unknown>,
  expected: Expected,
): Promise<Seen> {
  const watch: Watch = { acknowledged: false, denials: [], failures: [], busy: 0 };
  let hasBegun = false;
  const warm = callers.map(() => Promise.withResolvers<void>());
  const ends = Promise.all(
    callers.map((caller, place) => {
      const { resolve = () => {} } = warm[place] ?? {};
      return repeat(caller, expected, watch, () => hasBegun, resolve).finally(resolve);
    }),
  );
  await Promise.all(warm.map(({ promise }) => promise));
  hasBegun = true;
  await change().finally(() => {
    watch.acknowledged = true;
  });
  const acknowledgedAt = wallMs(performance.now());
  await ends;
  const { failures, denials, busy } = watch;
  const [first, last] = [Math.min(...denials), Math.max(...denials)];
  return { failures, firstDenialAt: first, lastDenialAt: last, acknowledgedAt, busy };
}

async function repeat(
  { line, request }: Caller,
  expected: Expected,
  watch: Watch,
  hasBegun: () => boolean,
  warmed: () => void,
): Promise<void> {
  let isDenied = false;
  for (let busy = 0; busy < MOST_TRIES; ) {
    const isAfter = watch.acknowledged;
    const mayBeDenied = hasBegun();
    const answer = await line.send(request);
    const { status } = answer;
    if (status === 503) {
      busy += 1;
      watch.busy += 1;
    } else if (status === expected.status && answer.body.includes(`"${expected.code}"`)) {
      // Before the change has begun nothing may be refused.
      if (!mayBeDenied && !hasBegun()) return fail(line, watch, answer, 'before the change');
      if (!isDenied) watch.denials.push(wallMs(answer.endedMs));
      isDenied = true;
      if (isAfter) return;
    } else if (status !== 200) return fail(line, watch, answer, 'an unexpected answer');
    else if (isAfter) return fail(line, watch, answer, 'begun after the acknowledgement, accepted');
    else if (isDenied) return fail(line, watch, answer, 'refused before, accepted now');
    else warmed();
  }
  watch.failures.push(`${line.place}: the store was busy ${MOST_TRIES} times`);
}

const fail = ({ place }: Line, { failures }: Watch, { status, body }: Answered, why: string): void =>
  void failures.push(`${place}: ${why}: ${status} ${body.slice(0, 200)}`);

const wallMs = (ms: number): number => performance.timeOrigin + ms;
