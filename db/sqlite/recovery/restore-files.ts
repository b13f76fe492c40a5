import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { requireIntact } from './backup.ts';
import { migrateStore } from './migrate.ts';
import { dropRevision, revisionTriggers } from './revision.ts';

const migrationsFolder = join(import.meta.dirname, 'migrations');
const LOCK_WAIT_MS = 1000;
const ownTables = ['organizations', 'keys', 'canonical_sets', 'audit', 'secrets', '__drizzle_migrations'];

/** Everybody else is kept out until it closes. Its own log is written into it, so that it is one whole file. */
export function lockStore(file: string): Database.Database | undefined {
  if (!existsSync(file)) return undefined;
  const database = new Database(file, { timeout: LOCK_WAIT_MS });
  try {
    // Leaving WAL takes the lock that every open connection shares, idle ones too; without WAL the next one
    // keeps out readers as well.
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
    if (database.pragma('journal_mode', { simple: true }) === 'delete') return database;
    throw new Error('somebody opened it in between');
  } catch (cause) {
    database.close();
    const isBusy = !(cause instanceof Database.SqliteError) || cause.code.startsWith('SQLITE_BUSY');
    const advice = isBusy
      ? 'is in use; stop the server and every other program on it'
      : 'cannot be read, so nothing can tell whether a server runs on it; see that none does and move it away';
    throw new Error(`the store ${file} ${advice}`, { cause });
  }
}

/** The snapshot itself is only read; the copy is its owner's alone from its first byte on. */
export function stageSnapshot(snapshotFile: string, file: string, stagedFile: string): void {
  const found = statSync(snapshotFile, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`there is no file ${snapshotFile}`);
  if (!found.isFile()) throw new Error(`${snapshotFile} is no file`);
  // To read it here would also let go of the lock on it (https://sqlite.org/howtocorrupt.html, 2.2).
  if (statSync(file, { throwIfNoEntry: false })?.ino === found.ino) {
    throw new Error(`${snapshotFile} is the store itself; copy it first`);
  }
  const log = statSync(`${snapshotFile}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0) {
    throw new Error(`${snapshotFile} is not whole: a part of it is in the -wal file beside it`);
  }
  mkdirSync(dirname(stagedFile), { recursive: true, mode: 0o700 });
  // Of a restore that did not end; its journal would be played into this copy.
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(stagedFile + suffix, { force: true });
  closeSync(openSync(stagedFile, 'wx', 0o600));
  copyFileSync(snapshotFile, stagedFile);
}

/** Opens the copy, brought up to this program's schema. @throws a sentence, having closed it */
export function openStaged(stagedFile: string, name: string): Database.Database {
  const database = new Database(stagedFile, { timeout: 0 });
  try {
    database.pragma('trusted_schema = OFF');
    database.pragma('foreign_keys = ON');
    requireStore(database, name);
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

/** Tables alone, and the triggers that are dropped: another that came with a snapshot would run as this program. */
function requireStore(database: Database.Database, name: string): void {
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
