import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { mainFile } from '../../support/program.ts';
import { type Book, mutate, newBook, read } from './acts.ts';
import { keepAlive } from './keep-alive.ts';
import { makeTenant } from './proof-tenant.ts';
import { seededRandom } from './random.ts';
import { readTrace, startTraced, type TraceEvent } from './trace.ts';

const defaultPragma = join(import.meta.dirname, 'default-pragma.ts');

/** What a process did to its store, and what it promised meanwhile. */
export type TracedRun = {
  readonly events: readonly TraceEvent[];
  readonly book: Book;
  /** The event with which the first promise of the book left. */
  readonly from: number;
};

export function proofFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-durability-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The program's own settings for a store in `folder`, with room for all keys that a proof mints. A machine that is busy
 * makes the loop late; what a server sheds then has proofs of its own.
 */
export function serverEnvironment(folder: string, config: object = {}): Record<string, string> {
  const file = join(folder, 'mcp.config.json');
  const room = { keys: { maxPerOrganization: 1_000_000 }, limits: { maxEventLoopDelayMs: 0 } };
  const settings = { dataDir: '.', ...room, logLevel: 'error', ...config };
  writeFileSync(file, JSON.stringify(settings));
  return { TENANTRY_CONFIG: file, ADMIN_TOKEN, PORT: '0' };
}

export type Load = {
  /** Mutations after which the run ends. */
  readonly mutations: number;
  readonly mutators: number;
  readonly readers: number;
  readonly seed: number;
  readonly durability?: 'process' | 'power';
  /** False where only the calls are to be counted. */
  readonly keepsBytes?: boolean;
  /** Leaves every connection as the driver opens it, where the program would say how far to sync. */
  readonly byDefault?: boolean;
};

/** The real server under strace, with clients that mint, rotate, revoke and read until enough is promised. */
export async function runTraced(load: Load): Promise<TracedRun> {
  const {
    mutations,
    mutators,
    readers,
    seed,
    durability = 'process',
    keepsBytes = true,
    byDefault = false,
  } = load;
  const folder = proofFolder();
  const traceFile = join(folder, 'trace');
  const env = serverEnvironment(folder, { audit: { durability } });
  const server = startTraced(
    [...(byDefault ? ['--import', defaultPragma] : []), mainFile, 'serve'],
    env,
    folder,
    {
      traceFile,
      stringBytes: keepsBytes ? 1_000_000 : 1_000,
    },
  );
  const [, url = ''] = await server.waitFor(/^tenantry listening on (http:\S+)$/m);
  const book = newBook();
  const tenant = await makeTenant(url, 'Traced', book);
  const client = keepAlive(url);
  const isOver = () => book.acts.length > mutations || book.surprises.length > 100;
  const random = (index: number) => seededRandom(seed + index);
  await Promise.all([
    ...times(mutators, (index) => mutate(client, tenant.manager, book, random(index), isOver)),
    ...times(readers, (index) => read(client, tenant.defaultKey, book, random(1000 + index), isOver)),
  ]);
  client.close();
  await server.kill();
  const events = await readTrace(traceFile, join(folder, 'tenantry.db'));
  rmSync(traceFile);
  return { events, book, from: answerOf(events, book.acts[0]?.requestId) };
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Where in the trace the answer with this id left. @throws where it never did */
export function answerOf(events: readonly TraceEvent[], requestId: string | undefined): number {
  const at = events.findIndex(
    (event) => event.kind === 'answer' && event.requestIds.includes(requestId ?? ''),
  );
  if (at === -1) throw new Error(`the trace has no answer ${requestId}`);
  return at;
}
