import type Database from 'better-sqlite3';
import type { KeyId } from '../src/ids.ts';
import type { KeyRecord, Keyspace } from '../src/keys/key-record.ts';
import type { ActingKey } from '../src/keys/key-store.ts';
import { drizzle } from './drizzle.ts';
import { keyColumns, keyOf } from './key-rows.ts';
import { memberOf } from './member-rows.ts';
import { memberships } from './member-schema.ts';
import { keys } from './schema.ts';

export function readKey(
  database: Database.Database,
  keyspace: Keyspace,
  keyId: KeyId,
): KeyRecord | undefined {
  return drizzle(database).select(keyColumns).from(keys).where(keyOf(keyspace, keyId)).get();
}

/** Who asks, inside the transaction that does it. `null`, said explicitly, is the operator. */
export function readActingKey(
  control: Database.Database,
  keyspace: Keyspace,
  keyId: KeyId | null,
): ActingKey | null {
  const key = keyId === null ? undefined : readKey(control, keyspace, keyId);
  return key === undefined ? null : { ...key, ownerRole: roleOf(control, key) };
}

function roleOf(control: Database.Database, { organizationId, userId }: KeyRecord): ActingKey['ownerRole'] {
  if (organizationId === null || userId === null) return null;
  const { role, active } = memberships;
  const owner = drizzle(control)
    .select({ role, active })
    .from(memberships)
    .where(memberOf(organizationId, userId))
    .get();
  return owner?.active === true ? owner.role : null;
}
