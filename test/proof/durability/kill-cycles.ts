import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { type ChainHead, emptyChain } from '../../../src/audit/audit-event.ts';
import { startProgram } from '../../support/program.ts';
import { type Act, type Book, mutate, newBook, read } from './acts.ts';
import { lostReads, surprisesOf } from './check-cuts.ts';
import { type KeepAlive, keepAlive, restCall } from './keep-alive.ts';
import { makeTenant } from './proof-tenant.ts';
import { type Random, seededRandom, wholeBetween } from './random.ts';
import { disagreements, isWhole, lostActs, readView, walkChain } from './store-view.ts';
import { proofFolder, serverEnvironment, times } from './traced-run.ts';

export type KillReport = {
  cycles: number;
  /** Acknowledged ones. */
  readonly mutations: Record<Act['kind'], number>;
  reads: number;
  /** Mutations that were under way when the process died. */
  cutOff: number;
  /** Keys that the next start held, because their last change was in the ledger and not in the store. */
  held: number;
  rows: number;
  slowestStartMs: number;
  readonly failures: string[];
};

const MUTATORS = 4;
const READERS = 3;
/** Far beyond what a start takes on a machine that others load. */
const START_LIMIT_MS = 60_000;
const MOST_ACTS = 30;
const ACTS_LIMIT_MS = 20_000;
/** Keys of a cycle that are tried on the next start, from the last one on. */
const MOST_TRIED = 40;

/** Starts the program on one store, loads it, kills it, looks at what is left, and again. */
export async function killAgainAndAgain(cycles: number, seed: number): Promise<KillReport> {
  const folder = proofFolder();
  const env = serverEnvironment(folder);
  const file = join(folder, 'tenantry.db');
  const random = seededRandom(seed);
  const report: KillReport = {
    cycles: 0,
    mutations: { mint: 0, rotate: 0, revoke: 0 },
    reads: 0,
    cutOff: 0,
    held: 0,
    rows: 0,
    slowestStartMs: 0,
    failures: [],
  };
  const books: Book[] = [];
  let head: ChainHead = emptyChain;
  while (report.cycles < cycles && report.failures.length < 100) {
    const { book, organizationId } = await loadAndKill(env, folder, books.at(-1), random, report);
    report.cycles += 1;
    const left = inspect(file, head, organizationId, book);
    report.failures.push(...left.found.map((line) => `seed ${seed}, cycle ${report.cycles}: ${line}`));
    head = left.head;
    books.push(book);
  }
  await checkAll(env, folder, file, books, report);
  return report;
}

async function loadAndKill(
  env: Record<string, string>,
  folder: string,
  before: Book | undefined,
  random: Random,
  report: KillReport,
) {
  const startedAt = performance.now();
  const server = startProgram(['serve'], env, folder);
  const [, url = ''] = await server.waitFor('stdout', /^tenantry listening on (http:\S+)$/m, START_LIMIT_MS);
  report.slowestStartMs = Math.max(report.slowestStartMs, Math.round(performance.now() - startedAt));
  const client = keepAlive(url);
  if (before !== undefined) report.failures.push(...(await refusedWrongly(client, before)));
  const book = newBook();
  const tenant = await makeTenant(url, `Cycle ${report.cycles}`, book);
  let isKilled = false;
  const isOver = () => isKilled;
  const untilKilled = async (work: Promise<void>) => {
    await work.catch((thrown) => {
      if (!isKilled) book.surprises.push(`the server was gone before it was killed: ${thrown}`);
    });
  };
  const draw = () => seededRandom(Math.floor(random() * 2 ** 32));
  const load = [
    ...times(MUTATORS, () => untilKilled(mutate(client, tenant.manager, book, draw(), isOver))),
    ...times(READERS, () => untilKilled(read(client, tenant.defaultKey, book, draw(), isOver))),
  ];
  // A number of changes, not a time: within a time a busy machine reaches no rotation. The first is the manager's.
  const acts = wholeBetween(random, 2, MOST_ACTS);
  for (let waitedMs = 0; waitedMs < ACTS_LIMIT_MS && book.acts.length < acts; waitedMs += 5)
    await setTimeout(5);
  await setTimeout(wholeBetween(random, 20, 300));
  isKilled = true;
  server.kill('SIGKILL');
  await Promise.all([server.closed, ...load]);
  client.close();
  for (const { kind } of book.acts) report.mutations[kind] += 1;
  report.reads += book.reads.length;
  report.cutOff += book.unsettled.size;
  return { book, organizationId: tenant.organizationId };
}

/** The store as the dead process left it, read by another one; nothing has repaired anything yet. */
function inspect(file: string, before: ChainHead, organizationId: string, book: Book) {
  const database = new Database(file, { readonly: true });
  try {
    const view = readView(database, before, [organizationId]);
    const head = walkChain(view, before);
    const found = [
      ...surprisesOf(book),
      ...(isWhole(database) ? [] : ['integrity_check is not ok']),
      ...(typeof head === 'string' ? [head] : []),
      ...lostActs(view, book.acts),
      ...lostReads(view, book.reads),
      ...disagreements(view),
    ];
    return { found, head: typeof head === 'string' ? before : head };
  } finally {
    database.close();
  }
}

/** What the program itself says, once it runs again, of the keys whose last change it had acknowledged. */
async function refusedWrongly(client: KeepAlive, { acts, plaintexts, unsettled }: Book): Promise<string[]> {
  const revoked = new Set(acts.filter(({ kind }) => kind === 'revoke').map(({ keyId }) => keyId));
  const touched = acts.flatMap(({ keyId, replacement }) => [keyId, replacement ?? keyId]);
  const tried = [...new Set(touched)].filter((keyId) => !unsettled.has(keyId)).slice(-MOST_TRIED);
  const found: string[] = [];
  for (const keyId of tried) {
    const { status } = await client.send(restCall('GET', '/v1/whoami', plaintexts.get(keyId) ?? ''));
    const expected = revoked.has(keyId) ? 401 : 200;
    if (status !== expected) found.push(`after the next start key ${keyId}: ${status}, expected ${expected}`);
  }
  return found;
}

/** After the last cycle, of all of them: nothing that was acknowledged is lost since, and the chain verifies. */
async function checkAll(
  env: Record<string, string>,
  folder: string,
  file: string,
  books: readonly Book[],
  report: KillReport,
): Promise<void> {
  const verified = await startProgram(['audit', 'verify', '--json'], env, folder).closed;
  if (verified.code !== 0) report.failures.push(`audit verify: ${verified.stdout}${verified.stderr}`);
  const database = new Database(file, { readonly: true });
  const view = readView(database, emptyChain);
  database.close();
  report.rows = view.events.length;
  const unsettled = new Set(books.flatMap((book) => [...book.unsettled]));
  for (const { id, heldAtMs } of view.keys.values()) {
    if (heldAtMs === null) continue;
    report.held += 1;
    if (!unsettled.has(id)) report.failures.push(`key ${id} is held, and nothing was asked of it`);
  }
  for (const book of books) {
    report.failures.push(...lostActs(view, book.acts).map((line) => `at the end: ${line}`));
  }
}
