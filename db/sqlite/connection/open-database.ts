import { closeSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { isBusy } from './busy.ts';
import { keepPrivate } from './private-file.ts';

export type SyncLevel = 'FULL' | 'NORMAL';

/** How long starting processes wait for each other; `limitWait` ends this before the first request. */
const START_WAIT_MS = 5000;
const SWITCH_PAUSE_MS = 5;
/** Older versions may corrupt a WAL when writers and checkpoints race (https://sqlite.org/wal.html). */
const OLDEST_SQLITE = [3, 51, 3] as const;
const SYNC_NUMBER = { NORMAL: 1, FULL: 2 } as const;

/** Creates the file, or restricts an existing one, to its owner. Its WAL inherits the mode. */
export function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  const real = realpathSync(file);
  for (const suffix of ['', '-wal', '-shm', '-journal']) keepPrivate(real + suffix);
}

export function openForWriting(file: string, synchronous: SyncLevel): Database.Database {
  const inodeBefore = inodeOf(file);
  const database = new Database(file, { timeout: START_WAIT_MS });
  prepare(database);
  // This read waits for a running restore. Afterwards the name may belong to another file, and the WAL of this
  // connection would be taken for that file's.
  database.pragma('schema_version');
  if (inodeBefore !== undefined && inodeOf(file) !== inodeBefore) {
    database.close();
    throw new Error(`${file} was replaced while it was being opened; try again`);
  }
  switchToWal(database);
  // Set explicitly: otherwise the driver lowers the level to NORMAL at the first write, after it has reported FULL.
  database.pragma(`synchronous = ${synchronous}`);
  return database;
}

const inodeOf = (file: string) => statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;

/** Two processes that switch a new file at the same time block each other, and SQLite fails without waiting. */
export function switchToWal(database: Database.Database): void {
  for (let waitedMs = 0; ; waitedMs += SWITCH_PAUSE_MS) {
    try {
      const mode = database.pragma('journal_mode = WAL', { simple: true });
      if (mode === 'wal') return;
      throw new Error(`the store needs SQLite's WAL, and the file system gave "${mode}"`);
    } catch (thrown) {
      if (!isBusy(thrown) || waitedMs >= START_WAIT_MS) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_PAUSE_MS);
    }
  }
}

/**
 * Only for statements that end at once: an open read keeps its snapshot, and would hide later commits, such as
 * revocations.
 */
export function openForReading(file: string): Database.Database {
  const database = new Database(file, { timeout: START_WAIT_MS, readonly: true });
  prepare(database);
  return database;
}

/** Runs an operation of the start, which may wait for other starting processes. A request may not. */
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

/** Requires the durability level. Call it after a write: before the first one the reported level may be wrong. */
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
