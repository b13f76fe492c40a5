import Database from 'better-sqlite3';
import { and, eq, getTableColumns, isNull } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { OrganizationId } from '../src/ids.ts';
import type { KeyRecord } from '../src/keys/key-record.ts';
import type { NewKey } from '../src/keys/key-store.ts';
import { keys } from './schema.ts';
import { storeCall } from './store-call.ts';
import { requireKeyId, requireOrganizationId } from './tenant.ts';

const HASH_BYTES = 32;
const ATTEMPTS = 5;

const { hash: _hash, ...recordColumns } = getTableColumns(keys);
/** A key as the program sees it: all but its hash. */
export const keyColumns = recordColumns;

export function requireHash(value: unknown): Buffer {
  if (Buffer.isBuffer(value) && value.length === HASH_BYTES) return value;
  throw new Error('key hash missing: expected 32 bytes');
}

export const ofOrganization = (organizationId: unknown) =>
  eq(keys.organizationId, requireOrganizationId(organizationId));

/** A key whose owner was deleted is there for the audit alone. */
export const isShown = isNull(keys.removedAtMs);

export const keyOf = (organizationId: unknown, keyId: unknown) =>
  and(ofOrganization(organizationId), eq(keys.id, requireKeyId(keyId)), isShown);

/** Inserts the key into this organisation and no other; whom it demotes loses the place first. */
export function insertKey(
  database: Database.Database,
  organizationId: OrganizationId,
  { key, hash, demotes }: NewKey,
): KeyRecord {
  if (key.organizationId !== requireOrganizationId(organizationId)) {
    throw new Error('the key made belongs to another organisation');
  }
  const db = drizzle(database);
  if (demotes !== null) {
    db.update(keys).set({ isDefault: false }).where(keyOf(organizationId, demotes)).run();
  }
  return db
    .insert(keys)
    .values({ ...key, id: requireKeyId(key.id), hash: requireHash(hash) })
    .returning(keyColumns)
    .get();
}

/** A transaction that makes a key: it starts again, with another key, where the random prefix is taken. */
export function keyTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  const transaction = database.transaction(operation);
  return storeCall(database, () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return transaction.immediate();
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
