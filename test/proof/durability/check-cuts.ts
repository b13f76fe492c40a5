import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../../db/sqlite/open-store.ts';
import { emptyChain } from '../../../src/audit/audit-event.ts';
import { auditChain } from '../../../src/audit/chain/row-hash.ts';
import { verifyChain } from '../../../src/audit/chain/verify.ts';
import { machineClock } from '../../support/clocks.ts';
import type { Act, Book } from './acts.ts';
import { type Cut, chooseCuts, createDisk } from './power-cut.ts';
import { seededRandom } from './random.ts';
import { disagreements, isWhole, lostActs, readView, type StoreView, walkChain } from './store-view.ts';
import { proofFolder, type TracedRun } from './traced-run.ts';

export type CutReport = {
  readonly cuts: number;
  readonly failures: readonly string[];
  /** Cuts that took bytes which were not synced. */
  readonly cutsWithLoss: number;
  /** The most mutations that one cut took back. */
  readonly mostLost: number;
  /** Stores that the program itself opened after the cut. */
  readonly reopened: number;
};

type CutOptions = {
  readonly cuts: number;
  readonly seed: number;
  /** Whether calls that change nothing are promised to survive as well. */
  readonly withReads: boolean;
  /** Every so many cuts the program's own start is tried as well; 0 for never. */
  readonly reopenEvery: number;
};

const MOST_FAILURES = 1000;

/** Cuts the power again and again in the course of `run`, and compares what is left with what was promised. */
export async function checkCuts(run: TracedRun, options: CutOptions): Promise<CutReport> {
  const { seed, reopenEvery } = options;
  const random = seededRandom(seed);
  const file = join(proofFolder(), 'tenantry.db');
  const disk = createDisk(run.events);
  const promisedBy = promiseClock(run);
  const failures: string[] = [];
  const report = { cuts: 0, cutsWithLoss: 0, mostLost: 0, reopened: 0 };
  for (const cut of chooseCuts(run.events, run.from, options.cuts, random)) {
    disk.advance(cut.at);
    const lostBytes = disk.leave(file, cut.survival, random);
    const promised = promisedBy(cut.at);
    const { found, lost } = inspect(file, promised, options.withReads);
    report.cuts += 1;
    report.cutsWithLoss += lostBytes > 0 ? 1 : 0;
    report.mostLost = Math.max(report.mostLost, lost);
    if (reopenEvery > 0 && report.cuts % reopenEvery === 0) {
      found.push(...(await reopened(file, promised)));
      report.reopened += 1;
    }
    if (found.length > 0) failures.push(cutLine(cut, seed, found));
    if (failures.length >= MOST_FAILURES) break;
  }
  return { ...report, failures };
}

const cutLine = ({ at, survival }: Cut, seed: number, found: readonly string[]): string =>
  `power cut before event ${at}, ${survival} survives (seed ${seed}): ${found.slice(0, 3).join('; ')}${found.length > 3 ? `; and ${found.length - 3} more` : ''}`;

type Promised = {
  readonly acts: readonly Act[];
  readonly reads: readonly string[];
  /** Keys of which something was asked that was promised later, or never. */
  readonly unsettled: ReadonlySet<string>;
};

/** What had been promised before an event of the trace. */
function promiseClock({ events, book }: TracedRun): (at: number) => Promised {
  const leftAt = new Map<string, number>();
  for (const [at, event] of events.entries()) {
    if (event.kind === 'answer') for (const id of event.requestIds) leftAt.set(id, at);
  }
  const timeOf = (requestId: string) => leftAt.get(requestId) ?? Number.POSITIVE_INFINITY;
  return (at) => {
    const isPromised = (requestId: string) => timeOf(requestId) < at;
    const later = book.acts.filter(({ requestId }) => !isPromised(requestId));
    return {
      acts: book.acts.filter(({ requestId }) => isPromised(requestId)),
      reads: book.reads.filter(isPromised),
      unsettled: new Set([...book.unsettled, ...later.map(({ keyId }) => keyId)]),
    };
  };
}

/** What another connection finds, which recovers the WAL as any program would. */
function inspect(file: string, { acts, reads }: Promised, withReads: boolean) {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true });
    const view = readView(database, emptyChain);
    const lost = lostActs(view, acts);
    const head = walkChain(view, emptyChain);
    const found = [
      ...(isWhole(database) ? [] : ['integrity_check is not ok']),
      ...lost,
      ...(withReads ? lostReads(view, reads) : []),
      ...disagreements(view),
      ...(typeof head === 'string' ? [head] : []),
    ];
    return { found, lost: lost.filter((line) => line.endsWith(': lost')).length };
  } catch (thrown) {
    return { found: [`the store cannot be read: ${thrown}`], lost: 0 };
  } finally {
    database?.close();
  }
}

export const lostReads = (view: StoreView, requestIds: readonly string[]): string[] =>
  requestIds
    .filter((requestId) => view.rows.get(requestId)?.length !== 1)
    .map((requestId) => `call ${requestId}: ${view.rows.get(requestId)?.length ?? 0} audit rows`);

/** The program's own start on what is left: it holds no key whose last change was promised. */
async function reopened(file: string, { acts, unsettled }: Promised): Promise<string[]> {
  const store = openStore(file, { durability: 'process', auditChain, clock: machineClock() });
  const found: string[] = [];
  try {
    const { ok, brokenAt, problem } = await verifyChain(store.audit);
    if (!ok) found.push(`audit verify: row ${brokenAt}: ${problem}`);
  } finally {
    await store.close();
  }
  const database = new Database(file, { readonly: true });
  const view = readView(database, emptyChain);
  database.close();
  found.push(...lostActs(view, acts).map((line) => `after the start: ${line}`));
  const settled = acts.flatMap(({ keyId, replacement }) => [keyId, replacement ?? keyId]);
  for (const keyId of settled) {
    const isHeld = (view.keys.get(keyId)?.heldAtMs ?? null) !== null;
    if (isHeld && !unsettled.has(keyId)) found.push(`after the start: key ${keyId} is held`);
  }
  return found;
}

/** Answers that are no promise, as failures. */
export const surprisesOf = ({ surprises }: Book): string[] => surprises.map((line) => `surprise: ${line}`);
