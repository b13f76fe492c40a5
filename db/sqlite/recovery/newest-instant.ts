import type Database from 'better-sqlite3';
import type { LedgerLine } from './ledger-lines.ts';

/**
 * Number of rows to inspect. Rows are ordered by the end of their calls but carry the start, so the newest row need not
 * have the latest time.
 */
const ROWS = 1000;

/** The latest time of the audit rows that came since the last answer, in milliseconds since 1970; undefined for none. */
export function prepareLaterInstant(database: Database.Database): () => number | undefined {
  const latest = database.prepare<[number, number], { at: number | null; seq: number | null }>(
    'SELECT max(at) AS at, max(seq) AS seq FROM (SELECT at, seq FROM audit WHERE seq > ? ORDER BY seq DESC LIMIT ?)',
  );
  let seenSeq = 0;
  return () => {
    const { at = null, seq = null } = latest.get(seenSeq, ROWS) ?? {};
    seenSeq = seq ?? seenSeq;
    return at ?? undefined;
  };
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
