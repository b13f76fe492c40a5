import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import { and, count, desc, eq, getTableColumns, lt, ne, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { AppError } from '../src/errors.ts';
import type { KeyId, OrganizationId } from '../src/ids.ts';
import type { KeyRecord } from '../src/keys/key-record.ts';
import type { FoundKey, KeyFilter, KeyPage, KeyStore, MintFacts } from '../src/keys/key-store.ts';
import { type ChainHash, prepareAppend } from './audit-chain.ts';
import { newestCanon } from './canon.ts';
import type { Connections } from './connections.ts';
import {
  insertKey,
  isShown,
  keyColumns,
  keyOf,
  keyTransaction,
  ofOrganization,
  requireHash,
} from './key-rows.ts';
import { hasStatus, isLiveAt } from './key-status.ts';
import { keys, organizations } from './schema.ts';
import { storeCall, storeTransaction } from './store-call.ts';
import { requireKeyId, requireOrganizationId } from './tenant.ts';

export function createKeyStore(connections: Connections, chainHash: ChainHash): KeyStore {
  const { auth, control, audit, listing } = connections;
  const append = prepareAppend(control, chainHash);
  const findByHash = prepareFind(auth);
  const noteUse = prepareNoteUse(audit);

  return {
    find: (hash) => storeCall(auth, () => findByHash(requireHash(hash))),
    get: (organizationId, keyId) => storeCall(listing, () => readKey(listing, organizationId, keyId)),
    list: (organizationId, filter, page) =>
      storeCall(listing, () => listKeys(listing, organizationId, filter, page)),
    listCreatedBy: (organizationId, prefix, nowMs) =>
      storeCall(listing, () =>
        drizzle(listing)
          .select(keyColumns)
          .from(keys)
          .where(and(ofOrganization(organizationId), eq(keys.createdBy, prefix), isLiveAt(nowMs)))
          .orderBy(desc(keys.id))
          .all(),
      ),
    mint: (organizationId, actor, nowMs, decide, auditRow) =>
      keyTransaction(control, () => {
        const made = decide(readFacts(control, organizationId, actor, nowMs));
        requireStanding(control, organizationId);
        const key = insertKey(control, organizationId, made);
        append([auditRow(key)]);
        return key;
      }),
    change: (organizationId, keyId, actor, decide, auditRow) =>
      storeTransaction(control, () => {
        const current = readKey(control, organizationId, keyId);
        const asking = readActor(control, organizationId, actor);
        if (current === undefined) return undefined;
        const change = decide(current, asking);
        if (change === null) return current;
        const changed = { ...current, ...change };
        drizzle(control).update(keys).set(changed).where(keyOf(organizationId, keyId)).run();
        append([auditRow(changed)]);
        return changed;
      }),
    noteUses: (uses) =>
      storeTransaction(audit, () => {
        for (const [keyId, atMs] of uses) noteUse(requireKeyId(keyId), atMs);
      }),
  };
}

/** On the path of every request, hence prepared once. */
function prepareFind(auth: Database.Database): (hash: Buffer) => FoundKey | undefined {
  const byHash = drizzle(auth)
    .select({ hash: keys.hash, key: keyColumns, organization: getTableColumns(organizations) })
    .from(keys)
    .innerJoin(organizations, eq(organizations.id, keys.organizationId))
    .where(eq(keys.hash, sql.placeholder('hash')))
    .prepare();
  return (hash) => {
    const found = byHash.get({ hash });
    // The index has compared already; this holds even if a query should ever find by less than the whole.
    if (found === undefined || !timingSafeEqual(found.hash, hash)) return undefined;
    return { key: found.key, organization: found.organization };
  };
}

function prepareNoteUse(database: Database.Database): (keyId: KeyId, atMs: number) => void {
  const update = drizzle(database)
    .update(keys)
    .set({ lastUsedAtMs: sql`max(coalesce(${keys.lastUsedAtMs}, 0), ${sql.placeholder('atMs')})` })
    .where(eq(keys.id, sql.placeholder('keyId')))
    .prepare();
  return (keyId, atMs) => void update.run({ keyId, atMs });
}

function readKey(database: Database.Database, organizationId: OrganizationId, keyId: KeyId) {
  return drizzle(database).select(keyColumns).from(keys).where(keyOf(organizationId, keyId)).get();
}

/** `null`, said explicitly, is the operator. */
function readActor(
  database: Database.Database,
  organizationId: OrganizationId,
  actor: KeyId | null,
): KeyRecord | null {
  return actor === null ? null : (readKey(database, organizationId, actor) ?? null);
}

function listKeys(
  listing: Database.Database,
  organizationId: OrganizationId,
  filter: KeyFilter,
  page: KeyPage,
): readonly KeyRecord[] {
  const { status, scopeType, userId, nowMs, staleAfterMs } = filter;
  return drizzle(listing)
    .select(keyColumns)
    .from(keys)
    .where(
      and(
        ofOrganization(organizationId),
        isShown,
        status === undefined ? undefined : hasStatus(status, nowMs, staleAfterMs),
        scopeType === undefined ? undefined : eq(keys.scopeType, scopeType),
        // A text that is no user's id equals none of them.
        userId === undefined ? undefined : sql`${keys.userId} = ${userId}`,
        page.beforeId === undefined ? undefined : lt(keys.id, requireKeyId(page.beforeId)),
      ),
    )
    .orderBy(desc(keys.id))
    .limit(page.limit)
    .all();
}

function readFacts(
  control: Database.Database,
  organizationId: OrganizationId,
  actor: KeyId | null,
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
    canon: newestCanon(control),
  };
}

/** A deleted organisation gets no new key, not even by an operator who was quicker to ask than to look. */
function requireStanding(control: Database.Database, organizationId: OrganizationId): void {
  const standing = drizzle(control)
    .select({ id: organizations.id })
    .from(organizations)
    .where(
      and(eq(organizations.id, requireOrganizationId(organizationId)), ne(organizations.status, 'deleted')),
    )
    .get();
  if (standing === undefined) throw new AppError('NOT_FOUND');
}
