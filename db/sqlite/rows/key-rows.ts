import Database from 'better-sqlite3';
import type { KeyRecord, Keyspace } from '../src/keys/key-record.ts';
import type { NewKey } from '../src/keys/key-store.ts';
import { closeBootstrap } from './bootstrap-latch.ts';
import { and, drizzle, eq, getTableColumns, isNull } from './drizzle.ts';
import { insertGrants } from './host-grants.ts';
import { keys } from './schema.ts';
import { prepareCommit, storeCall } from './store-call.ts';
import { organizationOf, requireKeyId } from './tenant.ts';

const HASH_BYTES = 32;
const ATTEMPTS = 5;

const { hash: _hash, ...recordColumns } = getTableColumns(keys);
/** A key as the program sees it: all but its hash. */
export const keyColumns = recordColumns;

export function requireHash(value: unknown): Buffer {
  if (Buffer.isBuffer(value) && value.length === HASH_BYTES) return value;
  throw new Error('key hash missing: expected 32 bytes');
}

/** The keys of one organisation, or the operator's; anything that is neither is a bug and stops here. */
export function ofKeyspace(keyspace: unknown) {
  const organizationId = organizationOf(keyspace);
  return organizationId === null ? isNull(keys.organizationId) : eq(keys.organizationId, organizationId);
}

/** A key whose owner was deleted is there for the audit alone. */
export const isShown = isNull(keys.removedAtMs);

export const keyOf = (keyspace: unknown, keyId: unknown) =>
  and(ofKeyspace(keyspace), eq(keys.id, requireKeyId(keyId)), isShown);

/** Inserts the key, with its grants, into this keyspace and no other; whom it demotes loses the place first. */
export function insertKey(
  database: Database.Database,
  keyspace: Keyspace,
  { key, hash, demotes, grants }: NewKey,
): KeyRecord {
  if (key.organizationId !== organizationOf(keyspace)) {
    throw new Error('the key made belongs to another organisation');
  }
  if (grants.length > 0 && keyspace !== 'operator') throw new Error('only a host key has grants');
  const db = drizzle(database);
  if (demotes !== null) {
    db.update(keys).set({ isDefault: false }).where(keyOf(keyspace, demotes)).run();
  }
  const inserted = db
    .insert(keys)
    .values({ ...key, id: requireKeyId(key.id), hash: requireHash(hash) })
    .returning(keyColumns)
    .get();
  // Whatever makes a first key closes the latch: no key is inserted anywhere else.
  closeBootstrap(database);
  insertGrants(database, inserted.id, grants, key.createdAtMs);
  return inserted;
}

/** A transaction that makes a key: it starts again, with another key, where the random prefix is taken. */
export function keyTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  const commit = prepareCommit(database, operation);
  return storeCall(database, () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return commit();
      } catch (thrown) {
        if (attempt === ATTEMPTS || !isTaken(thrown)) throw thrown;
      }
    }
  });
}

const isTaken = (thrown: unknown): boolean =>
  thrown instanceof Database.SqliteError &&
  thrown.code === 'SQLITE_CONSTRAINT_UNIQUE' &&
  /: keys\.(prefix|hash)$/.test(thrown.message);
