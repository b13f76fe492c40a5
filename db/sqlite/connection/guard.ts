import type Database from 'better-sqlite3';
import type { LockWait } from './lock-wait.ts';
import type { OwnFiles } from './own-files.ts';

/** What stands around every use of a store's connections. */
export type Guard = { readonly files: OwnFiles; readonly lockWait: LockWait };

const guards = new WeakMap<Database.Database, Guard>();

export function guard(connections: readonly Database.Database[], by: Guard): void {
  for (const connection of connections) guards.set(connection, by);
}

/** None stands around a copy that nobody else can have, such as one about to be restored. */
export const guardOf = (connection: Database.Database): Guard | undefined => guards.get(connection);
