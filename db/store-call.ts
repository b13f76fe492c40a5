import Database from 'better-sqlite3';
import { AppError } from '../src/errors.ts';

/** Every method of a port runs through here: what SQLite throws becomes an error with a code, all else passes. */
export async function storeCall<T>(database: Database.Database, operation: () => T): Promise<T> {
  if (!database.open) throw new AppError('STORE_UNAVAILABLE');
  try {
    return operation();
  } catch (thrown) {
    throw storeError(thrown);
  }
}

/** The same in one `BEGIN IMMEDIATE`: all of it or nothing, and nobody else writes meanwhile. */
export function storeTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  return storeCall(database, () => database.transaction(operation).immediate());
}

export function storeError(thrown: unknown): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  const code = thrown.code.startsWith('SQLITE_BUSY') ? 'STORE_BUSY' : 'STORE_UNAVAILABLE';
  return new AppError(code, { cause: thrown });
}
