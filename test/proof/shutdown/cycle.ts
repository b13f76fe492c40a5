import { startServer } from '../../support/program.ts';
import { START_MS } from '../support/fleet.ts';
import { type Sent, startClients } from './clients.ts';

export const MOST_MS = 10_000;

export type Cycle = {
  readonly number: number;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly key: string;
  /** How long after the clients began it is asked to stop. */
  readonly afterMs: number;
};

export type Ended = {
  readonly failures: readonly string[];
  readonly sent: readonly Sent[];
  readonly exitMs: number;
};

/** One server under load that is asked to stop, until it is gone and every client knows its outcome. */
export async function runCycle({ number, dir, env, key, afterMs }: Cycle): Promise<Ended> {
  const server = await startServer(env, dir, START_MS);
  const clients = startClients(Number(new URL(server.url).port), key, number);
  await pause(afterMs);
  const askedAt = performance.now();
  server.kill('SIGTERM');
  const { code, signal, stderr } = await server.closed;
  const exitMs = Math.round(performance.now() - askedAt);
  await clients.ended;
  const failures = [];
  if (code !== 0 || signal !== null) failures.push(`exit ${code ?? signal}: ${stderr.slice(-300)}`);
  if (exitMs > MOST_MS) failures.push(`ended after ${exitMs} ms`);
  failures.push(...clients.sent.flatMap((each) => wrongAnswer(each, askedAt)));
  return { failures: failures.map((failure) => `cycle ${number}: ${failure}`), sent: clients.sent, exitMs };
}

/** Longer than any answer takes: what was sent so long before the signal had no race with it. */
const LONG_BEFORE_MS = 2000;

function wrongAnswer({ kind, marker, outcome }: Sent, askedAt: number): string[] {
  if (!outcome.answered) {
    if (outcome.receivedBytes > 0) return [`${marker}: an answer was cut short`];
    return outcome.beganMs < askedAt - LONG_BEFORE_MS ? [`${marker}: never answered`] : [];
  }
  const { status, head, body } = outcome;
  const isKept = !/^connection: close$/im.test(head);
  if (body.includes('"SHUTTING_DOWN"') && isKept)
    return [`${marker}: told to go, on a connection that is kept`];
  const isDone = status === (kind === 'mint' ? 201 : 200) && !body.includes('"isError":true');
  const isTold = status === 503 && /"(?:SHUTTING_DOWN|STORE_BUSY)"/.test(body);
  return isDone || isTold ? [] : [`${marker}: ${status} ${body.slice(0, 200)}`];
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
