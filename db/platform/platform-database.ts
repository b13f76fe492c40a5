import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { drizzle } from '../sqlite/connection/drizzle.ts';
import { migrateStore } from '../sqlite/connection/migrate.ts';
import { limitWait, makeFile, openForWriting } from '../sqlite/connection/open-database.ts';

/**
 * One connection with two interfaces: `sqlite` for the search, which Drizzle cannot express, and `orm` for the rest.
 */
export type PlatformDatabase = {
  readonly sqlite: Database.Database;
  readonly orm: BetterSQLite3Database;
};

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

export function openPlatformDatabase(file: string): PlatformDatabase {
  makeFile(file);
  const sqlite = openForWriting(file, 'NORMAL');
  migrateStore(sqlite, migrationsFolder);
  // From here on no statement waits inside SQLite, which would block the event loop.
  limitWait(sqlite, 0);
  return { sqlite, orm: drizzle({ client: sqlite }) };
}
