import type Database from 'better-sqlite3';
import type { LedgerLine } from './ledger-lines.ts';

/**
 * Number of rows to inspect. Rows are ordered by the end of their calls but carry the start, so the newest row need not
 * have the latest time.
 */
const ROWS = 1000;

/** The time of the newest audit row, in milliseconds since 1970; undefined when there is none. */
export function prepareNewestInstant(database: Database.Database): () => number | undefined {
  const newest = database.prepare<[], number>('SELECT at FROM audit ORDER BY seq DESC LIMIT 1').pluck();
  return () => newest.get();
}

/**
 * The latest instant in a store and its ledger, in milliseconds since 1970; 0 for none. Read when a program opens them.
 */
export function newestInstant(database: Database.Database, line: LedgerLine | undefined): number {
  const latest = database
    .prepare<[number], number | null>('SELECT max(at) FROM (SELECT at FROM audit ORDER BY seq DESC LIMIT ?)')
    .pluck()
    .get(ROWS);
  return Math.max(latest ?? 0, line === undefined ? 0 : Date.parse(line.at));
}
