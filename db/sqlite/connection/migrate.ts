import type Database from 'better-sqlite3';
import { readMigrationFiles } from './drizzle.ts';
import { withStartWait } from './open-database.ts';

/**
 * Migrates the store to this program's schema. Concurrent processes take turns, and each migration runs once.
 *
 * @throws Error for a store of a newer program, whose rows may have another meaning
 */
export function migrateStore(database: Database.Database, migrationsFolder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder });
  const newestKnown = Math.max(0, ...migrations.map((migration) => migration.folderMillis));
  // A migration that rebuilds a table must not cascade. Inside a transaction this pragma has no effect.
  database.pragma('foreign_keys = OFF');
  try {
    const run = database.transaction(() => {
      // Drizzle's own table, so that its tools can read it.
      database.exec(
        'CREATE TABLE IF NOT EXISTS "__drizzle_migrations" (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)',
      );
      const newestApplied = Number(
        database.prepare('SELECT coalesce(max(created_at), 0) FROM "__drizzle_migrations"').pluck().get(),
      );
      if (newestApplied > newestKnown) throw new Error(newerStore(newestApplied, newestKnown));
      const note = database.prepare('INSERT INTO "__drizzle_migrations" (hash, created_at) VALUES (?, ?)');
      for (const migration of migrations) {
        if (migration.folderMillis <= newestApplied) continue;
        for (const statement of migration.sql) database.exec(statement);
        note.run(migration.hash, migration.folderMillis);
        if (database.pragma('foreign_key_check', { simple: true }) !== undefined) {
          throw new Error(`migration ${migration.folderMillis} would leave rows that refer to nothing`);
        }
      }
    });
    withStartWait(database, run.immediate);
  } finally {
    database.pragma('foreign_keys = ON');
  }
}

const newerStore = (applied: number, known: number): string =>
  `the store was written by a newer version of the program: it holds migration ${applied}, this one knows up to ${known}; start the newer program, or another store`;
