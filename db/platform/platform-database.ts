import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrateStore } from '../migrate.ts';

/** One connection in two forms: `sqlite` for the search, whose SQL Drizzle cannot say, and `orm` for the rest. */
export type PlatformDatabase = {
  readonly sqlite: Database.Database;
  readonly orm: BetterSQLite3Database;
};

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

export function openPlatformDatabase(file: string): PlatformDatabase {
  mkdirSync(dirname(file), { recursive: true });
  const sqlite = new Database(file);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = NORMAL');
  sqlite.pragma('busy_timeout = 5000');
  sqlite.pragma('foreign_keys = ON');
  migrateStore(sqlite, migrationsFolder);
  return { sqlite, orm: drizzle({ client: sqlite }) };
}
