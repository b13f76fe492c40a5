import type Database from 'better-sqlite3';
import type { Clock } from '../../../src/clock.ts';
import { guard } from './guard.ts';
import {
  limitWait,
  makeFile,
  openForReading,
  openForWriting,
  requireSynchronous,
  type SyncLevel,
} from './open-database.ts';
import { isSame, lookUp, watchOwnFiles } from './own-files.ts';
import { createWriteQueue } from './write-queue.ts';

/**
 * Durability of the audit rows of calls: `power` survives a power cut, `process` only the end of the process. Changes
 * and their rows always survive a power cut.
 */
type Durability = 'process' | 'power';

/** Four connections to one file, so that none waits for another or keeps another on an old snapshot. */
export type Connections = {
  /** Reads the credentials of requests. Its reads end at once, so that each sees all earlier commits. */
  readonly auth: Database.Database;
  /** Writes changes. They are on disk before they are answered. */
  readonly control: Database.Database;
  /** Writes the audit rows of calls. */
  readonly audit: Database.Database;
  /** Reads lists and anything else of more than one row. */
  readonly listing: Database.Database;
};

export type ConnectionOptions = {
  readonly durability: Durability;
  readonly clock: Clock;
  /** How long a read or a write waits for another process's lock, in milliseconds (`store.busyTimeoutMs`). */
  readonly busyTimeoutMs?: number | undefined;
};

/** Default of `store.busyTimeoutMs`. */
const BUSY_TIMEOUT_MS = 2000;

/** Opens the connections. `prepareStore` gets the first one, and must leave a row in `secrets`. */
export function openConnections(
  file: string,
  { durability, clock, busyTimeoutMs = BUSY_TIMEOUT_MS }: ConnectionOptions,
  prepareStore: (control: Database.Database) => void,
): Connections {
  const opened: Database.Database[] = [];
  const keep = (database: Database.Database): Database.Database => {
    opened.push(database);
    return database;
  };
  try {
    makeFile(file);
    const before = lookUp(file);
    const control = keep(openForWriting(file, 'FULL'));
    prepareStore(control);
    proveSynchronous(control, 'FULL');
    const auditLevel = durability === 'power' ? 'FULL' : 'NORMAL';
    const audit = keep(openForWriting(file, auditLevel));
    proveSynchronous(audit, auditLevel);
    const connections = {
      control,
      audit,
      auth: keep(openForReading(file)),
      listing: keep(openForReading(file)),
    };
    // From here on no statement waits inside SQLite, which would block the event loop.
    for (const connection of opened) limitWait(connection, 0);
    const files = watchOwnFiles(file, clock.elapsed);
    if (!isSame(lookUp(file), before)) throw new Error(`${file} was replaced while it was being opened`);
    guard(opened, { files, writes: createWriteQueue(busyTimeoutMs), busyTimeoutMs });
    return connections;
  } catch (thrown) {
    for (const database of opened) database.close();
    throw thrown;
  }
}

/** Closes a writing connection last: the last one removes the WAL, which a reader cannot. */
export function closeConnections({ auth, listing, audit, control }: Connections): void {
  try {
    control.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    for (const database of [auth, listing, audit, control]) database.close();
  }
}

/** The first write of the connection. It changes nothing. */
function proveSynchronous(database: Database.Database, level: SyncLevel): void {
  database.prepare('UPDATE secrets SET value = value').run();
  requireSynchronous(database, level);
}
