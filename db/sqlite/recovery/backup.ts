import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Snapshot } from '../../../src/store/store-files.ts';
import { count, drizzle } from '../connection/drizzle.ts';
import { openForReading } from '../connection/open-database.ts';
import { syncFile } from '../connection/sync-folder.ts';
import { headOf, prepareHead } from '../rows/audit-chain.ts';
import { keys } from '../schema/schema.ts';

/** Copies in one step, so that no other process's write restarts it. */
const ALL_PAGES = 0x7fffffff;

/**
 * Copies the open store in `file` at one instant into `copyFile`, which must exist, be empty and belong to its owner
 * alone. The copy needs no mark in the ledger: the newest line of the ledger was in the chain when the store was opened.
 */
export async function backupStore(file: string, copyFile: string): Promise<Snapshot> {
  if (statSync(copyFile).size > 0) throw new Error(`${copyFile} is not empty`);
  const store = openForReading(file);
  try {
    await store.backup(copyFile, { progress: () => ALL_PAGES });
  } finally {
    store.close();
  }
  const copy = new Database(copyFile);
  try {
    // A single file that reading does not modify.
    copy.pragma('journal_mode = DELETE');
    requireIntact(copy);
    return describeSnapshot(copy);
  } finally {
    copy.close();
    syncFile(copyFile);
  }
}

export function describeSnapshot(database: Database.Database): Snapshot {
  const counted = drizzle(database).select({ keys: count() }).from(keys).get();
  return { head: headOf(prepareHead(database)()), keys: counted?.keys ?? 0 };
}

/**
 * Requires intact pages and valid references.
 *
 * @throws Error with a sentence for the operator
 */
export function requireIntact(database: Database.Database): void {
  const finding = database.pragma('integrity_check', { simple: true });
  if (finding !== 'ok') throw new Error(`the file is damaged: ${String(finding)}`);
  const orphan = database.pragma('foreign_key_check', { simple: true });
  if (orphan !== undefined)
    throw new Error(`the file is damaged: rows of ${String(orphan)} refer to nothing`);
}
