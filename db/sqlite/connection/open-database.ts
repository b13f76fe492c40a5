import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

export type SyncLevel = 'FULL' | 'NORMAL';

/** At start processes take turns, so they wait; `limitWait` ends that before the first request. */
const START_WAIT_MS = 5000;
const SWITCH_PAUSE_MS = 5;
/** Older ones corrupt a WAL under a rare race of writers and checkpoints (https://sqlite.org/wal.html). */
const OLDEST_SQLITE = [3, 51, 3] as const;
const SYNC_NUMBER = { NORMAL: 1, FULL: 2 } as const;

/** Makes the file, for its owner alone; the WAL beside it inherits that. */
export function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

export function openForWriting(file: string, synchronous: SyncLevel): Database.Database {
  const inodeBefore = inodeOf(file);
  const database = new Database(file, { timeout: START_WAIT_MS });
  prepare(database);
  // Waits for a restore that is under way; then the name is another file's, whose log this one's would be.
  database.pragma('schema_version');
  if (inodeBefore !== undefined && inodeOf(file) !== inodeBefore) {
    database.close();
    throw new Error(`${file} was replaced while it was being opened; try again`);
  }
  switchToWal(database);
  // Where it is not said, the driver drops the level to NORMAL at the first write, after it answered FULL.
  database.pragma(`synchronous = ${synchronous}`);
  return database;
}

const inodeOf = (file: string) => statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;

/** Two that switch a new file at once are each in the other's way, and SQLite then fails without waiting. */
export function switchToWal(database: Database.Database): void {
  for (let waitedMs = 0; ; waitedMs += SWITCH_PAUSE_MS) {
    try {
      const mode = database.pragma('journal_mode = WAL', { simple: true });
      if (mode === 'wal') return;
      throw new Error(`the store needs SQLite's WAL, and the file system gave "${mode}"`);
    } catch (thrown) {
      const isBusy = thrown instanceof Database.SqliteError && thrown.code.startsWith('SQLITE_BUSY');
      if (!isBusy || waitedMs >= START_WAIT_MS) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_PAUSE_MS);
    }
  }
}

/** Only for statements that end at once: an open read would hide what others commit, revocations too. */
export function openForReading(file: string): Database.Database {
  const database = new Database(file, { timeout: START_WAIT_MS, readonly: true });
  prepare(database);
  return database;
}

/** For what a program does as it starts: it waits for others that start, where a request would not. */
export function withStartWait<T>(database: Database.Database, operation: () => T): T {
  const usualWaitMs = Number(database.pragma('busy_timeout', { simple: true }));
  limitWait(database, START_WAIT_MS);
  try {
    return operation();
  } finally {
    limitWait(database, usualWaitMs);
  }
}

export function limitWait(database: Database.Database, waitMs: number): void {
  database.pragma(`busy_timeout = ${waitMs}`);
}

/** To be asked after a write, since the level a connection reports before its first one may be untrue. */
export function requireSynchronous(database: Database.Database, level: SyncLevel): void {
  const actual = database.pragma('synchronous', { simple: true });
  if (actual !== SYNC_NUMBER[level]) {
    throw new Error(`the store is not as durable as promised: synchronous is ${actual}, expected ${level}`);
  }
}

export function requireSqlite(version: string): void {
  const parts = version.split('.').map(Number);
  const differing = OLDEST_SQLITE.findIndex((part, place) => part !== parts[place]);
  const isOlder = differing >= 0 && (parts[differing] ?? 0) < (OLDEST_SQLITE[differing] ?? 0);
  if (isOlder) throw new Error(`SQLite ${version} is too old: expected ${OLDEST_SQLITE.join('.')} or newer`);
}

function prepare(database: Database.Database): void {
  requireSqlite(String(database.prepare('SELECT sqlite_version()').pluck().get()));
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  database.pragma('mmap_size = 0');
}
