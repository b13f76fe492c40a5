import type Database from 'better-sqlite3';
import { guard } from './guard.ts';
import { createLockWait } from './lock-wait.ts';
import {
  limitWait,
  makeFile,
  openForReading,
  openForWriting,
  requireSynchronous,
  type SyncLevel,
} from './open-database.ts';
import { isSame, lookUp, watchOwnFiles } from './own-files.ts';

/** What a power cut may cost of the calls' rows; mutations and theirs are always on disk when answered. */
export type Durability = 'process' | 'power';

/** One file, four connections, so that none waits on, or hides anything from, another. */
export type Connections = {
  /** Finds the credential of a request: single `.get()`s, so that each sees what was committed before it. */
  readonly auth: Database.Database;
  /** Mutations, on disk before they are answered. */
  readonly control: Database.Database;
  /** The rows of calls. */
  readonly audit: Database.Database;
  /** Listings and whatever else reads more than a row. */
  readonly listing: Database.Database;
};

/** How long a read waits where a log is being recovered or cleared away, in milliseconds: the event loop stands still. */
const READ_WAIT_MS = 50;

/** `prepareStore` is given the first connection, and must leave a row in `secrets`. */
export function openConnections(
  file: string,
  durability: Durability,
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
    for (const reader of [connections.auth, connections.listing]) limitWait(reader, READ_WAIT_MS);
    const files = watchOwnFiles(file);
    if (!isSame(lookUp(file), before)) throw new Error(`${file} was replaced while it was being opened`);
    guard(opened, { files, lockWait: createLockWait([control, audit]) });
    return connections;
  } catch (thrown) {
    for (const database of opened) database.close();
    throw thrown;
  }
}

/** Readers first: the connection that closes last clears the WAL away, which takes one that writes. */
export function closeConnections({ auth, listing, audit, control }: Connections): void {
  try {
    control.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    for (const database of [auth, listing, audit, control]) database.close();
  }
}

/** The first write of a connection is this one, which changes nothing. */
function proveSynchronous(database: Database.Database, level: SyncLevel): void {
  database.prepare('UPDATE secrets SET value = value').run();
  requireSynchronous(database, level);
}
