import type Database from 'better-sqlite3';
import { drizzle, eq } from '../connection/drizzle.ts';
import { latches } from '../schema/schema.ts';

const NAME = 'bootstrap';

/** Open until the first key exists; it never opens again. */
export function isBootstrapOpen(database: Database.Database): boolean {
  return drizzle(database).select().from(latches).where(eq(latches.name, NAME)).get() === undefined;
}

/** Call it in the transaction that creates a key, or for a store whose history is incomplete. */
export function closeBootstrap(control: Database.Database): void {
  drizzle(control).insert(latches).values({ name: NAME }).onConflictDoNothing().run();
}
