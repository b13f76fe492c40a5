import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { drizzle } from '../drizzle.ts';
import { migrateStore } from '../migrate.ts';
import { limitWait, makeFile, openForWriting } from '../open-database.ts';

/** One connection in two forms: `sqlite` for the search, whose SQL Drizzle cannot say, and `orm` for the rest. */
export type PlatformDatabase = {
  readonly sqlite: Database.Database;
  readonly orm: BetterSQLite3Database;
};

/** A wait for another process stops this one's event loop, so it is short. */
const WAIT_MS = 100;

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

export function openPlatformDatabase(file: string): PlatformDatabase {
  makeFile(file);
  const sqlite = openForWriting(file, 'NORMAL');
  migrateStore(sqlite, migrationsFolder);
  limitWait(sqlite, WAIT_MS);
  return { sqlite, orm: drizzle({ client: sqlite }) };
}
