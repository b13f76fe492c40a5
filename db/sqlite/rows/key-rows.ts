import Database from 'better-sqlite3';
import type { KeyRecord, Keyspace } from '../../../src/keys/key-record.ts';
import type { NewKey } from '../../../src/keys/key-store.ts';
import type { KeyReach } from '../../../src/keys/policy/key-reach.ts';
import { and, drizzle, eq, getTableColumns, isNull, sql } from '../connection/drizzle.ts';
import { commitInTurn, prepareCommit } from '../connection/store-call.ts';
import { assertKeyId, organizationOf } from '../connection/tenant.ts';
import { keys } from '../schema/schema.ts';
import { closeBootstrap } from './bootstrap-latch.ts';
import { insertGrants } from './host-grants.ts';

const HASH_BYTES = 32;
const ATTEMPTS = 5;

const { hash: _hash, ...recordColumns } = getTableColumns(keys);
/** All columns of a key except its hash. */
export const keyColumns = recordColumns;

export function assertHash(value: unknown): Buffer {
  if (Buffer.isBuffer(value) && value.length === HASH_BYTES) return value;
  throw new Error('key hash missing: expected 32 bytes');
}

/** The keys of one organisation, or the operator's. Anything else is a bug and throws. */
export function ofKeyspace(keyspace: unknown) {
  const organizationId = organizationOf(keyspace);
  return organizationId === null ? isNull(keys.organizationId) : eq(keys.organizationId, organizationId);
}

/** Hides the keys of deleted users, which are kept for the audit. */
export const isShown = isNull(keys.removedAtMs);

/** `isWithin()` of src/keys/policy/key-reach.ts as SQL. */
export function isWithin(reach: KeyReach) {
  if (reach === 'all') return undefined;
  return 'keyId' in reach ? eq(keys.id, assertKeyId(reach.keyId)) : eq(keys.userId, reach.userId);
}

export const keyOf = (keyspace: unknown, keyId: unknown) =>
  and(ofKeyspace(keyspace), eq(keys.id, assertKeyId(keyId)), isShown);

/** Inserts the key and its grants, in this keyspace only. The default key that it replaces is demoted first. */
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
    .values({ ...key, id: assertKeyId(key.id), hash: assertHash(hash) })
    .returning(keyColumns)
    .get();
  // Keys are inserted only here, so the first key always closes the bootstrap.
  closeBootstrap(database);
  insertGrants(database, inserted.id, grants, key.createdAtMs);
  return inserted;
}

/** Revokes the keys of a deleted organisation, and returns how many. */
export function revokeOfDeleted(database: Database.Database, organizationId: string, atMs: number): number {
  // Raw, because a line of the ledger may hold any text as the id; no key has such an organisation.
  const ofOrganization = sql`${keys.organizationId} = ${organizationId}`;
  return drizzle(database)
    .update(keys)
    .set({ revokedAtMs: atMs, revokedBy: 'organization-deleted', isDefault: false })
    .where(and(ofOrganization, isNull(keys.revokedAtMs)))
    .run().changes;
}

/** A transaction that creates a key. It is repeated with another key when the random prefix is taken. */
export function keyTransaction<T>(database: Database.Database, operation: () => T): Promise<T> {
  const commit = prepareCommit(database, operation);
  return commitInTurn(database, () => {
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
