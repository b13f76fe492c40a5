import type Database from 'better-sqlite3';
import { and, count, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { KeyId, OrganizationId, UserId } from '../src/ids.ts';
import type { KeyRecord } from '../src/keys/key-record.ts';
import type { MintFacts } from '../src/keys/key-store.ts';
import type { RotateFacts } from '../src/keys/rotate.ts';
import { canonOf, newestCanon } from './canon.ts';
import { keyColumns, keyOf, ofOrganization } from './key-rows.ts';
import { isLiveAt } from './key-status.ts';
import { memberOf } from './member-rows.ts';
import { keys, memberships } from './schema.ts';

export function readKey(
  database: Database.Database,
  organizationId: OrganizationId,
  keyId: KeyId,
): KeyRecord | undefined {
  return drizzle(database).select(keyColumns).from(keys).where(keyOf(organizationId, keyId)).get();
}

/** `null`, said explicitly, is the operator. */
export function readActor(
  database: Database.Database,
  organizationId: OrganizationId,
  actor: KeyId | null,
): KeyRecord | null {
  return actor === null ? null : (readKey(database, organizationId, actor) ?? null);
}

export function readMintFacts(
  control: Database.Database,
  organizationId: OrganizationId,
  actor: KeyId | null,
  userId: UserId | null,
  nowMs: number,
): MintFacts {
  const db = drizzle(control);
  const ours = ofOrganization(organizationId);
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
    actor: readActor(control, organizationId, actor),
    keys: { live: live?.keys ?? 0 },
    defaultKey: defaultKey ?? null,
    activeUser: userId !== null && isActiveMember(control, organizationId, userId) ? userId : null,
    canon: newestCanon(control),
  };
}

export function readRotateFacts(
  control: Database.Database,
  organizationId: OrganizationId,
  keyId: KeyId,
  actor: KeyId | null,
): RotateFacts | undefined {
  const current = readKey(control, organizationId, keyId);
  if (current === undefined) return undefined;
  const linked = (id: KeyId | null) => (id === null ? null : (readKey(control, organizationId, id) ?? null));
  const { canonicalVersion } = current;
  return {
    actor: readActor(control, organizationId, actor),
    current,
    successor: linked(current.replacedBy),
    predecessor: linked(current.replaces),
    canon: newestCanon(control),
    formerCanon: canonicalVersion === null ? null : canonOf(control, canonicalVersion),
  };
}

function isActiveMember(control: Database.Database, organizationId: OrganizationId, userId: UserId): boolean {
  const found = drizzle(control)
    .select({ active: memberships.active })
    .from(memberships)
    .where(memberOf(organizationId, userId))
    .get();
  return found?.active === true;
}
