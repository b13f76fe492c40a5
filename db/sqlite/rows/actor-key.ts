import type Database from 'better-sqlite3';
import type { KeyId } from '../../../src/ids.ts';
import type { KeyRecord, Keyspace } from '../../../src/keys/key-record.ts';
import type { ActorKey } from '../../../src/keys/key-store.ts';
import { drizzle, eq } from '../connection/drizzle.ts';
import { memberships } from '../schema/member-schema.ts';
import { keys } from '../schema/schema.ts';
import { keyColumns, keyOf } from './key-rows.ts';
import { memberOf } from './member-rows.ts';

export function readKey(
  database: Database.Database,
  keyspace: Keyspace,
  keyId: KeyId,
): KeyRecord | undefined {
  return drizzle(database).select(keyColumns).from(keys).where(keyOf(keyspace, keyId)).get();
}

/** The calling key, read inside the transaction of the change. An explicit `null` is the operator. */
export function readActorKey(
  control: Database.Database,
  keyspace: Keyspace,
  keyId: KeyId | null,
): ActorKey | null {
  const key = keyId === null ? undefined : readKey(control, keyspace, keyId);
  if (key === undefined) return null;
  return { ...key, ownerRole: roleOf(control, key), successor: successorOf(control, key) };
}

/** The replacement of a key in its grace; null for a key that was never replaced. */
function successorOf(control: Database.Database, { replacedBy }: KeyRecord): ActorKey['successor'] {
  if (replacedBy === null) return null;
  const { prefix, revokedAtMs } = keys;
  const found = drizzle(control)
    .select({ prefix, revokedAtMs })
    .from(keys)
    .where(eq(keys.id, replacedBy))
    .get();
  return found ?? null;
}

function roleOf(control: Database.Database, { organizationId, userId }: KeyRecord): ActorKey['ownerRole'] {
  if (organizationId === null || userId === null) return null;
  const { role, active } = memberships;
  const owner = drizzle(control)
    .select({ role, active })
    .from(memberships)
    .where(memberOf(organizationId, userId))
    .get();
  return owner?.active === true ? owner.role : null;
}
