import Database from 'better-sqlite3';
import { AppError } from '../../../src/errors.ts';
import { isBusy, whileBusy } from './busy.ts';
import { guardOf, writesOf } from './guard.ts';

/**
 * Every read of a port runs here. SQLite's errors become AppErrors; others pass. While another process recovers the
 * WAL, the read waits for its lock without blocking the event loop.
 */
export async function storeCall<T>(database: Database.Database, operation: () => T): Promise<T> {
  try {
    return await whileBusy(guardOf(database)?.busyTimeoutMs ?? 0, () => {
      requireStore(database);
      return operation();
    });
  } catch (thrown) {
    throw storeError(database, thrown);
  }
}

/**
 * Requires an open store at its original path.
 *
 * @throws STORE_UNAVAILABLE
 */
export function requireStore(database: Database.Database): void {
  if (!database.open) throw new AppError('STORE_UNAVAILABLE');
  guardOf(database)?.files.requireLately();
}

/** Runs a write in one `BEGIN IMMEDIATE`: atomic, and without other writers. */
export function storeTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  return commitInTurn(database, prepareCommit(database, operation));
}

/** Runs a commit after all earlier writes have committed or given up. */
export function commitInTurn<T>(database: Database.Database, commit: () => T): Promise<T> {
  const enteredMs = performance.now();
  return new Promise((resolve, reject) => {
    writesOf(database).enter({
      take() {
        try {
          requireStore(database);
          resolve(commit());
        } catch (thrown) {
          if (isBusy(thrown)) throw thrown;
          reject(storeError(database, thrown));
        }
      },
      giveUp(sinceMs, busy) {
        if (enteredMs > sinceMs) return false;
        reject(storeError(database, busy));
        return true;
      },
    });
  });
}

/**
 * Every commit of an opened store is prepared here. It fails when the files are no longer at their paths, because
 * nobody would see what was acknowledged. It tries the lock once; `WriteQueue` does the waiting.
 */
export function prepareCommit<Given extends unknown[], T>(
  database: Database.Database,
  operation: (...given: Given) => T,
): (...given: Given) => T {
  const around = guardOf(database);
  const transaction = database.transaction((...given: Given) => {
    const done = operation(...given);
    around?.files.require();
    return done;
  });
  return transaction.immediate;
}

export function storeError(database: Database.Database, thrown: unknown): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  if (isBusy(thrown)) return new AppError('STORE_BUSY', { cause: thrown });
  // SQLite caches a damaged page until the next commit, which may never come.
  if (database.open) database.pragma('shrink_memory');
  return new AppError('STORE_UNAVAILABLE', { cause: thrown });
}
