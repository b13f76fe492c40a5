import type Database from 'better-sqlite3';
import type { CanonicalSet, Scope } from '../../../src/scopes/scopes.ts';
import { desc, drizzle, eq } from '../connection/drizzle.ts';
import { canonicalSets } from '../schema/schema.ts';

export function newestCanonOrNone(database: Database.Database): CanonicalSet | undefined {
  return drizzle(database)
    .select({ version: canonicalSets.version, scopes: canonicalSets.scopes })
    .from(canonicalSets)
    .orderBy(desc(canonicalSets.version))
    .limit(1)
    .get();
}

/** The newest canonical set. The program ensures one at startup, before anything reads it. */
export function newestCanon(database: Database.Database): CanonicalSet {
  const canon = newestCanonOrNone(database);
  if (canon === undefined) throw new Error('the store has no canonical set yet: make it first');
  return canon;
}

/** The canonical set of that version. Versions are never removed. */
export function canonOf(database: Database.Database, version: number): CanonicalSet | null {
  const found = drizzle(database)
    .select({ version: canonicalSets.version, scopes: canonicalSets.scopes })
    .from(canonicalSets)
    .where(eq(canonicalSets.version, version))
    .get();
  return found ?? null;
}

export function isSameSet(one: readonly Scope[], other: readonly Scope[]): boolean {
  const wanted = new Set(other);
  return new Set(one).size === wanted.size && one.every((scope) => wanted.has(scope));
}

/** Call it inside a `BEGIN IMMEDIATE`. */
export function addCanonIfNew(
  database: Database.Database,
  scopes: readonly Scope[],
  nowMs: number,
): CanonicalSet {
  const newest = newestCanonOrNone(database);
  if (newest !== undefined && isSameSet(newest.scopes, scopes)) return newest;
  const canon = { version: (newest?.version ?? 0) + 1, scopes: [...new Set(scopes)] };
  drizzle(database)
    .insert(canonicalSets)
    .values({ ...canon, createdAtMs: nowMs })
    .run();
  return canon;
}
