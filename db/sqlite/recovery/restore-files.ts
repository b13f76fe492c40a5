import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { isBusy } from '../connection/busy.ts';
import { migrateStore } from '../connection/migrate.ts';
import { dropRevision, revisionTriggers } from '../credential-lookup/revision.ts';
import { requireIntact } from './backup.ts';

const migrationsFolder = join(import.meta.dirname, '../migrations');
const LOCK_WAIT_MS = 1000;
const ownTables = ['organizations', 'keys', 'canonical_sets', 'audit', 'secrets', '__drizzle_migrations'];

/**
 * Locks the store against every other process until it is closed, with its WAL written into it. Undefined when there is
 * no store.
 *
 * @throws Error with a sentence for the operator when the store is in use or unreadable
 */
export function lockStore(file: string): Database.Database | undefined {
  if (!existsSync(file)) return undefined;
  const database = new Database(file, { timeout: LOCK_WAIT_MS });
  try {
    // Leaving WAL mode requires the lock that every open connection shares, even an idle one. Without WAL the exclusive
    // lock keeps out readers as well.
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
    if (database.pragma('journal_mode', { simple: true }) === 'delete') return database;
    throw new Error('somebody opened it in between');
  } catch (cause) {
    database.close();
    const isInUse = !(cause instanceof Database.SqliteError) || isBusy(cause);
    const advice = isInUse
      ? 'is in use; stop the server and every other program on it'
      : 'cannot be read, so nothing can tell whether a server runs on it; see that none does and move it away';
    throw new Error(`the store ${file} ${advice}`, { cause });
  }
}

/** Copies the snapshot, which is only read. Only the owner can read the copy, from its first byte on. */
export function stageSnapshot(snapshotFile: string, file: string, stagedFile: string): void {
  const found = statSync(snapshotFile, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`there is no file ${snapshotFile}`);
  if (!found.isFile()) throw new Error(`${snapshotFile} is no file`);
  // Reading the store here would release its lock (https://sqlite.org/howtocorrupt.html, section 2.2).
  if (statSync(file, { throwIfNoEntry: false })?.ino === found.ino) {
    throw new Error(`${snapshotFile} is the store itself; copy it first`);
  }
  const log = statSync(`${snapshotFile}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0) {
    throw new Error(`${snapshotFile} is not whole: a part of it is in the -wal file beside it`);
  }
  mkdirSync(dirname(stagedFile), { recursive: true, mode: 0o700 });
  // Left over from an interrupted restore. SQLite would play the old journal into this copy.
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(stagedFile + suffix, { force: true });
  closeSync(openSync(stagedFile, 'wx', 0o600));
  copyFileSync(snapshotFile, stagedFile);
}

/**
 * Opens the copy and migrates it to this program's schema. Closes it on failure.
 *
 * @throws Error with a sentence for the operator
 */
export function openStaged(stagedFile: string, name: string): Database.Database {
  const database = new Database(stagedFile, { timeout: 0 });
  try {
    database.pragma('trusted_schema = OFF');
    database.pragma('foreign_keys = ON');
    requireOwnTables(database, name);
    dropRevision(database);
    database.pragma('journal_mode = DELETE');
    database.pragma('synchronous = FULL');
    requireIntact(database);
    migrateStore(database, migrationsFolder);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * Allows only tables, and the triggers that `dropRevision` removes. Any other trigger of a snapshot would run with this
 * program's rights.
 */
function requireOwnTables(database: Database.Database, name: string): void {
  const tables = new Set(readNames(database, "type = 'table'", name));
  if (!ownTables.every((table) => tables.has(table))) throw new Error(`${name} is no store of this program`);
  const beside = readNames(database, "type IN ('trigger', 'view')", name);
  const foreign = beside.filter((each) => !revisionTriggers.includes(each));
  if (foreign.length > 0) throw new Error(`${name} holds what no store does: ${foreign.join(', ')}`);
}

function readNames(database: Database.Database, condition: string, name: string): string[] {
  try {
    return database.prepare(`SELECT name FROM sqlite_schema WHERE ${condition}`).pluck().all().map(String);
  } catch (cause) {
    throw new Error(`${name} is no store of this program`, { cause });
  }
}
