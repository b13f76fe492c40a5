import type Database from 'better-sqlite3';
import type { KeyId, UserId } from '../../../src/ids.ts';
import type { Keyspace } from '../../../src/keys/key-record.ts';
import type { MintFacts, MintQuery, RotateFacts } from '../../../src/keys/key-store.ts';
import { and, count, drizzle, eq } from '../connection/drizzle.ts';
import { memberships } from '../schema/member-schema.ts';
import { keys } from '../schema/schema.ts';
import { readActorKey, readKey } from './actor-key.ts';
import { canonOf, newestCanon } from './canon.ts';
import { readGrants } from './host-grants.ts';
import { keyColumns, ofKeyspace } from './key-rows.ts';
import { isLiveAt } from './key-status.ts';
import { memberOf } from './member-rows.ts';

export function readMintFacts(
  control: Database.Database,
  keyspace: Keyspace,
  { actor, userId, nowMs }: MintQuery,
): MintFacts {
  const db = drizzle(control);
  const ours = ofKeyspace(keyspace);
  const live = db
    .select({ keys: count() })
    .from(keys)
    .where(and(ours, isLiveAt(nowMs)))
    .get();
  const defaultKey = db
    .select(keyColumns)
    .from(keys)
    .where(and(ours, eq(keys.isDefault, true)))
    .get();
  return {
    actor: readActorKey(control, keyspace, actor),
    keys: { live: live?.keys ?? 0 },
    defaultKey: defaultKey ?? null,
    activeUser: isActiveMember(control, keyspace, userId) ? userId : null,
    canon: newestCanon(control),
  };
}

export function readRotateFacts(
  control: Database.Database,
  keyspace: Keyspace,
  keyId: KeyId,
  actor: KeyId | null,
): RotateFacts | undefined {
  const current = readKey(control, keyspace, keyId);
  if (current === undefined) return undefined;
  const linked = (id: KeyId | null) => (id === null ? null : (readKey(control, keyspace, id) ?? null));
  const { canonicalVersion } = current;
  return {
    actor: readActorKey(control, keyspace, actor),
    current,
    successor: linked(current.replacedBy),
    predecessor: linked(current.replaces),
    canon: newestCanon(control),
    grants: readGrants(control, current.id),
    formerCanon: canonicalVersion === null ? null : canonOf(control, canonicalVersion),
  };
}

function isActiveMember(control: Database.Database, keyspace: Keyspace, userId: UserId | null): boolean {
  if (userId === null || keyspace === 'operator') return false;
  const found = drizzle(control)
    .select({ active: memberships.active })
    .from(memberships)
    .where(memberOf(keyspace, userId))
    .get();
  return found?.active === true;
}
