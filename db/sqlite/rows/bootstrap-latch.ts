import type Database from 'better-sqlite3';
import { drizzle, eq } from './drizzle.ts';
import { latches } from './schema.ts';

const NAME = 'bootstrap';

/** Until the first key, whoever makes it; nothing opens it again. */
export function isBootstrapOpen(database: Database.Database): boolean {
  return drizzle(database).select().from(latches).where(eq(latches.name, NAME)).get() === undefined;
}

/** In the transaction that makes a key; or for a store whose past is not all in it. */
export function closeBootstrap(control: Database.Database): void {
  drizzle(control).insert(latches).values({ name: NAME }).onConflictDoNothing().run();
}
