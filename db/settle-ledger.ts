import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { AuditRow } from '../src/audit/audit-event.ts';
import type { Reckoning } from '../src/store.ts';
import { applyChanges, isKnownChange } from './apply-changes.ts';
import { type AppendToChain, prepareHead } from './audit-chain.ts';
import { closeBootstrap } from './bootstrap-latch.ts';
import { and, drizzle, eq } from './drizzle.ts';
import type { LedgerFile, LedgerLine } from './ledger-file.ts';
import { withStartWait } from './open-database.ts';
import { audit, secrets } from './schema.ts';

type SettleOptions = {
  readonly append: AppendToChain;
  readonly now: () => number;
  readonly auditRow: (reckoning: Reckoning) => AuditRow;
  /** A store that an operator brings back, of which nothing is taken for granted. */
  readonly isRestored: boolean;
};

/**
 * Holds the store against its ledger before anybody uses it. A store that lacks the ledger's newest rows is an
 * older one, however it came into place, or its program died between a line and its commit: what the ledger says
 * was taken away since is taken away again, and every other key that changed is held. Where the ledger cannot
 * say, every key is held. Answers null where nothing was to be done.
 */
export function settleLedger(
  database: Database.Database,
  ledger: LedgerFile,
  options: SettleOptions,
): Reckoning | null {
  if (!options.isRestored) {
    const newest = ledger.newest();
    if (newest !== undefined && isOurs(database, newest, nameOf(database))) return null;
  }
  // Another process may have been between its line and its commit: under the lock nobody is.
  const settle = database.transaction(() => settleLocked(database, ledger, options));
  return withStartWait(database, settle.immediate);
}

function settleLocked(
  database: Database.Database,
  ledger: LedgerFile,
  { append, now, auditRow, isRestored }: SettleOptions,
): Reckoning | null {
  const lines = ledger.read();
  const knownName = nameOf(database);
  const name = knownName ?? giveName(database, now());
  const headOf = prepareHead(database);
  const mark = (what: string): void => {
    const head = headOf();
    const beginning = what === 'begun' || head.seq === 0 ? { what: 'begun', ledger: name } : { what };
    ledger.append([{ ...beginning, at: new Date(now()).toISOString(), ...head }]);
  };
  const isEmpty = headOf().seq === 0;
  const isFirst =
    lines === undefined ? knownName === undefined || isEmpty : knownName === undefined && isEmpty;
  if (isFirst && !isRestored) {
    // A ledger that tells of keys outlived the store that held them.
    if (lines?.some((line) => line?.what !== 'begun')) closeBootstrap(database);
    mark('begun');
    return null;
  }
  const anchor = (lines ?? []).findLastIndex((line) => line !== undefined && isOurs(database, line, name));
  const since = (lines ?? []).slice(anchor + 1);
  if (since.length === 0 && anchor >= 0 && !isRestored) return null;
  const changes = since.filter((line) => line !== undefined);
  const isKnown = anchor >= 0 && changes.length === since.length && changes.every(isKnownChange);
  const coverage = lines === undefined ? 'missing' : isKnown ? 'whole' : 'short';
  // Keys may have been made since this copy, so it is not new, however empty.
  closeBootstrap(database);
  const reckoning = { coverage, ...applyChanges(database, changes, coverage !== 'whole', now()) } as const;
  const isNothing = reckoning.revoked + reckoning.withdrawn + reckoning.held + reckoning.organizations === 0;
  // The row of this transaction brings what was just done into the ledger.
  if (isRestored || !isNothing) append([auditRow(reckoning)]);
  mark('settled');
  return isNothing && !isRestored ? null : reckoning;
}

/** Whether the line's change is part of this store: its audit row stands in the chain. */
function isOurs(database: Database.Database, line: LedgerLine, name: string | undefined): boolean {
  // Before the first row all chains are alike, so a ledger that begins there has to name its store.
  if (line.seq === 0) return line.what === 'begun' && name !== undefined && line.ledger === name;
  const row = drizzle(database)
    .select({ seq: audit.seq })
    .from(audit)
    .where(and(eq(audit.seq, line.seq), eq(audit.hash, line.hash)))
    .get();
  return row !== undefined;
}

/** Kept with the store's secrets: a store that has a name has had a ledger. */
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
