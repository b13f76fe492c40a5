import type Database from 'better-sqlite3';
import type { OwnFiles } from './own-files.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

/** What every use of a store's connections checks or waits for. */
type Guard = {
  readonly files: OwnFiles;
  readonly writes: WriteQueue;
  /** How long a read or a write waits for another process's lock, in milliseconds. */
  readonly busyTimeoutMs: number;
};

const guards = new WeakMap<Database.Database, Guard>();

export function guard(connections: readonly Database.Database[], by: Guard): void {
  for (const connection of connections) guards.set(connection, by);
}

/** Undefined for a private copy, such as one that is about to be restored. */
export const guardOf = (connection: Database.Database): Guard | undefined => guards.get(connection);

export const writesOf = (connection: Database.Database): WriteQueue =>
  guardOf(connection)?.writes ?? createWriteQueue(0);
