import type Database from 'better-sqlite3';
import { readMigrationFiles } from './drizzle.ts';
import { withStartWait } from './open-database.ts';

/**
 * Brings the store up to this program's schema. Processes that start together take turns, and each
 * migration runs once; a store written by a newer program is refused, since its rows may mean something else.
 */
export function migrateStore(database: Database.Database, migrationsFolder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder });
  const newestKnown = Math.max(0, ...migrations.map((migration) => migration.folderMillis));
  // A migration that rebuilds a table must not cascade, and inside a transaction this pragma does nothing.
  database.pragma('foreign_keys = OFF');
  try {
    const run = database.transaction(() => {
      // The form of the table is Drizzle's own, so that its tools read it too.
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
