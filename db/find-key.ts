import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { FoundKey } from '../src/keys/key-store.ts';
import { drizzle, eq, getTableColumns, sql } from './drizzle.ts';
import { keyColumns, requireHash } from './key-rows.ts';
import { keys, organizations } from './schema.ts';

/** Credentials whose rows are kept decoded: some 20 MiB. */
const MOST_KEPT = 20_000;

export type FindKey = {
  /** To be called in every transaction before `find`, with the store's revision as that transaction sees it. */
  begin(revision: number): void;
  find(hash: Buffer): FoundKey | undefined;
};

/**
 * On the path of every request. A row of two dozen columns takes far longer to decode than to find, so it is kept
 * decoded for as long as the store's revision, which each transaction reads first, says that no credential changed.
 * What is not in the store is never kept.
 */
export function prepareFindKey(auth: Database.Database): FindKey {
  const read = prepareRead(auth);
  let known = new Map<string, FoundKey>();
  let knownRevision = Number.NaN;
  return {
    begin(revision) {
      if (revision === knownRevision) return;
      known = new Map();
      knownRevision = revision;
    },
    find(hash) {
      const name = requireHash(hash).toString('latin1');
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const found = read(hash);
      if (found === undefined) return undefined;
      if (known.size >= MOST_KEPT) known = new Map();
      known.set(name, found);
      return found;
    },
  };
}

function prepareRead(auth: Database.Database): (hash: Buffer) => FoundKey | undefined {
  const { lastUsedAtMs: _at, lastClient: _client, ...columns } = keyColumns;
  const byHash = drizzle(auth)
    .select({ hash: keys.hash, key: columns, organization: getTableColumns(organizations) })
    .from(keys)
    .leftJoin(organizations, eq(organizations.id, keys.organizationId))
    .where(eq(keys.hash, sql.placeholder('hash')))
    .prepare();
  return (hash) => {
    const row = byHash.get({ hash });
    // The index has compared already; this holds even if a query should ever find by less than the whole.
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return undefined;
    const { key, organization } = row;
    // Shared by every request of the key.
    for (const part of [key, key.scopes, key.restrictions, organization]) Object.freeze(part);
    return Object.freeze({ key, organization });
  };
}
