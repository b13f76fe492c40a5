import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { AuditRow } from '../../../src/audit/audit-event.ts';
import type { RecoveryReport } from '../../../src/store/store.ts';
import { drizzle, eq } from '../connection/drizzle.ts';
import { withStartWait } from '../connection/open-database.ts';
import { type AppendToChain, isInChain, prepareHead } from '../rows/audit-chain.ts';
import { closeBootstrap } from '../rows/bootstrap-latch.ts';
import { secrets } from '../schema/schema.ts';
import { applyChanges, meaningOf } from './apply-changes.ts';
import { subjectOf } from './compact-ledger.ts';
import type { LedgerFile } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';

type ReplayOptions = {
  readonly append: AppendToChain;
  readonly now: () => number;
  readonly auditRow: (recoveryReport: RecoveryReport) => AuditRow;
  /** True when an operator restores the store: nothing about it is taken for granted. */
  readonly isRestored: boolean;
};

/**
 * Compares the store with its ledger before anyone uses it. A store without the ledger's newest rows is an older copy,
 * or its process died between a ledger line and its commit. Revocations since then are applied again, and every other
 * changed key is held. When the ledger is incomplete, every key is held. Returns null when nothing was done.
 */
export function replayLedger(
  database: Database.Database,
  ledger: LedgerFile,
  options: ReplayOptions,
): RecoveryReport | null {
  if (!options.isRestored) {
    const newest = ledger.newest();
    if (newest !== undefined && isOurs(database, newest, nameOf(database))) {
      // At startup no request waits for it.
      if (ledger.isLong()) withStartWait(database, database.transaction(ledger.compact).immediate);
      return null;
    }
  }
  // Another process may be between its ledger line and its commit, which the lock excludes.
  const replay = database.transaction(() => replayLocked(database, ledger, options));
  return withStartWait(database, replay.immediate);
}

function replayLocked(
  database: Database.Database,
  ledger: LedgerFile,
  { append, now, auditRow, isRestored }: ReplayOptions,
): RecoveryReport | null {
  const knownName = nameOf(database);
  const name = knownName ?? giveName(database, now());
  const headOf = prepareHead(database);
  // The ledger of an empty store begins with its name, also where the mark is another.
  const mark = (what: string): void => {
    const head = headOf();
    const beginning = what === 'begun' || head.seq === 0 ? { what: 'begun', ledger: name } : { what };
    ledger.append([{ ...beginning, at: new Date(now()).toISOString(), ...head }]);
  };
  const isNamed = knownName !== undefined;
  const isEmpty = headOf().seq === 0;
  // A store without a name is from before there were ledgers. One with a ledger beside it may be a replaced file.
  const isFirst = ledger.exists() ? !isNamed && isEmpty : !isNamed || isEmpty;
  if (isFirst && !isRestored) {
    // A ledger with keys has outlived its store.
    if (tellsOfKeys(ledger)) closeBootstrap(database);
    mark('begun');
    return null;
  }
  const { changes, isWhole } = readSince(ledger, (line) => isOurs(database, line, name));
  if (changes.length === 0 && isWhole && !isRestored) return null;
  const coverage = ledger.exists() ? (isWhole ? 'whole' : 'short') : 'missing';
  // Keys may exist that this copy lacks, so an empty copy must not bootstrap again.
  closeBootstrap(database);
  const recoveryReport = {
    coverage,
    ...applyChanges(database, changes, coverage !== 'whole', now()),
  } as const;
  const isNothing =
    recoveryReport.revoked + recoveryReport.withdrawn + recoveryReport.held + recoveryReport.organizations ===
    0;
  // The audit row brings the changes of this transaction into the ledger.
  if (isRestored || !isNothing) append([auditRow(recoveryReport)]);
  mark('settled');
  return isNothing && !isRestored ? null : recoveryReport;
}

/**
 * The changes after the newest line that is part of the store, in order; only the newest per subject. `isWhole`: such a
 * line exists, and all later ones are understood.
 */
function readSince(ledger: LedgerFile, isPart: (line: LedgerLine) => boolean) {
  const changes: LedgerLine[] = [];
  const seen = new Set<string>();
  let isKnown = true;
  for (const line of ledger.fromEnd()) {
    if (line !== undefined && isPart(line)) return { changes: changes.reverse(), isWhole: isKnown };
    isKnown &&= line !== undefined && meaningOf(line) !== undefined;
    const subject = line && subjectOf(line);
    if (line === undefined || (subject !== undefined && seen.has(subject))) continue;
    if (subject !== undefined) seen.add(subject);
    changes.push(line);
  }
  return { changes: changes.reverse(), isWhole: false };
}

function tellsOfKeys(ledger: LedgerFile): boolean {
  for (const line of ledger.fromEnd()) if (line?.what !== 'begun') return true;
  return false;
}

/** Whether this store contains the line's change: its audit row is in the chain. */
function isOurs(database: Database.Database, line: LedgerLine, name: string | undefined): boolean {
  // Empty chains are all alike, so the first line of a ledger must name its store.
  if (line.seq === 0) return line.what === 'begun' && name !== undefined && line.ledger === name;
  return isInChain(database, line);
}

/** Stored among the secrets. A store with a name has had a ledger. */
function nameOf(database: Database.Database): string | undefined {
  const row = drizzle(database)
    .select({ value: secrets.value })
    .from(secrets)
    .where(eq(secrets.name, 'ledger'))
    .get();
  return row?.value.toString('hex');
}

const NAME_BYTES = 16;

function giveName(database: Database.Database, nowMs: number): string {
  const value = randomBytes(NAME_BYTES);
  drizzle(database).insert(secrets).values({ name: 'ledger', value, createdAtMs: nowMs }).run();
  return value.toString('hex');
}
