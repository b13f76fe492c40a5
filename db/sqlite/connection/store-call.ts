import Database from 'better-sqlite3';
import { AppError } from '../src/errors.ts';
import { guardOf } from './guard.ts';

/** Every method of a port runs through here: what SQLite throws becomes an error with a code, all else passes. */
export async function storeCall<T>(database: Database.Database, operation: () => T): Promise<T> {
  requireStore(database);
  try {
    return operation();
  } catch (thrown) {
    throw storeError(database, thrown);
  }
}

/** @throws STORE_UNAVAILABLE where the store was closed, or its files are no longer under their names */
export function requireStore(database: Database.Database): void {
  if (!database.open) throw new AppError('STORE_UNAVAILABLE');
  guardOf(database)?.files.requireLately();
}

/** The same in one `BEGIN IMMEDIATE`: all of it or nothing, and nobody else writes meanwhile. */
export function storeTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  return storeCall(database, prepareCommit(database, operation));
}

/**
 * Every commit of an opened store is made here, and none into files that are not under their names: nobody would see
 * what was acknowledged.
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
  return (...given) => {
    try {
      const done = transaction.immediate(...given);
      around?.lockWait.committed();
      return done;
    } catch (thrown) {
      if (isBusy(thrown)) around?.lockWait.timedOut();
      throw thrown;
    }
  };
}

export function storeError(database: Database.Database, thrown: unknown): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  if (isBusy(thrown)) return new AppError('STORE_BUSY', { cause: thrown });
  // A page that was damaged when it was read is remembered until somebody commits, which may never be again.
  if (database.open) database.pragma('shrink_memory');
  return new AppError('STORE_UNAVAILABLE', { cause: thrown });
}

const isBusy = (thrown: unknown): boolean =>
  thrown instanceof Database.SqliteError && thrown.code.startsWith('SQLITE_BUSY');
