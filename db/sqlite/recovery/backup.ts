import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Snapshot } from '../src/store.ts';
import { prepareHead } from './audit-chain.ts';
import type { Connections } from './connections.ts';
import { count, drizzle } from './drizzle.ts';
import { keys } from './schema.ts';
import { syncFolder } from './sync-folder.ts';

/** In one step, so that no other process's write makes it start again. */
const ALL_PAGES = 0x7fffffff;

/**
 * Copies the store as it is at one instant into `file`, which must be there and empty, for its owner alone. The
 * copy needs no mark of its own: the ledger's newest line stood in the chain when this store was opened.
 */
export async function backupStore({ listing }: Connections, file: string): Promise<Snapshot> {
  if (statSync(file).size > 0) throw new Error(`${file} is not empty`);
  await listing.backup(file, { progress: () => ALL_PAGES });
  const copy = new Database(file);
  try {
    // One whole file, which reading does not change.
    copy.pragma('journal_mode = DELETE');
    requireIntact(copy);
    return describeSnapshot(copy);
  } finally {
    copy.close();
    syncFile(file);
  }
}

export function describeSnapshot(database: Database.Database): Snapshot {
  const counted = drizzle(database).select({ keys: count() }).from(keys).get();
  return { head: prepareHead(database)(), keys: counted?.keys ?? 0 };
}

/** @throws where a page is damaged, or a row refers to nothing */
export function requireIntact(database: Database.Database): void {
  const finding = database.pragma('integrity_check', { simple: true });
  if (finding !== 'ok') throw new Error(`the file is damaged: ${String(finding)}`);
  const orphan = database.pragma('foreign_key_check', { simple: true });
  if (orphan !== undefined)
    throw new Error(`the file is damaged: rows of ${String(orphan)} refer to nothing`);
}

/** The file and its name, down to the disk. */
export function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(dirname(file));
}
