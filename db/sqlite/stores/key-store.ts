import type Database from 'better-sqlite3';
import type { AuditChain } from '../src/audit/audit-event.ts';
import type { KeyId } from '../src/ids.ts';
import type { KeyRecord, Keyspace } from '../src/keys/key-record.ts';
import type { KeyFilter, KeyPage, KeyStore, KeyUse } from '../src/keys/key-store.ts';
import { readActingKey, readKey } from './acting-key.ts';
import { prepareAppend } from './audit-chain.ts';
import type { AuthReads } from './auth-reads.ts';
import type { Connections } from './connections.ts';
import { and, desc, drizzle, eq, isNull, lt, or, sql } from './drizzle.ts';
import type { FindKey } from './find-key.ts';
import { applyGrantChange, prepareFindGrant, readGrants } from './host-grants.ts';
import { readMintFacts, readRotateFacts } from './key-facts.ts';
import { insertKey, isShown, keyColumns, keyOf, keyTransaction, ofKeyspace } from './key-rows.ts';
import { endsBefore, hasStatus, isLiveAt } from './key-status.ts';
import { keys } from './schema.ts';
import { requireKeyspaceStanding } from './standing.ts';
import { storeCall, storeTransaction } from './store-call.ts';
import { requireKeyId } from './tenant.ts';

export function createKeyStore(
  connections: Connections,
  auditChain: AuditChain,
  reads: AuthReads,
  findByHash: FindKey['find'],
): KeyStore {
  const { auth, control, audit, listing } = connections;
  const append = prepareAppend(control, auditChain);
  const findGrant = prepareFindGrant(auth);
  const noteUse = prepareNoteUse(audit);

  return {
    find: (hash) => reads(() => findByHash(hash)),
    findGrant: (keyId, organizationId) => reads(() => findGrant(keyId, organizationId)),
    listGrants: (keyId) => storeCall(listing, () => readGrants(listing, keyId)),
    get: (keyspace, keyId) => storeCall(listing, () => readKey(listing, keyspace, keyId)),
    list: (keyspace, filter, page) => storeCall(listing, () => listKeys(listing, keyspace, filter, page)),
    listCreatedBy: (keyspace, prefix, nowMs) =>
      storeCall(listing, () =>
        drizzle(listing)
          .select(keyColumns)
          .from(keys)
          .where(and(ofKeyspace(keyspace), eq(keys.createdBy, prefix), isLiveAt(nowMs)))
          .orderBy(desc(keys.id))
          .all(),
      ),
    mint: (keyspace, actor, nowMs, decide, auditRow, userId = null) =>
      keyTransaction(control, () => {
        const made = decide(readMintFacts(control, keyspace, actor, userId, nowMs));
        requireKeyspaceStanding(control, keyspace);
        const key = insertKey(control, keyspace, made);
        append([auditRow(key)]);
        return key;
      }),
    change: (keyspace, keyId, actor, decide, auditRow) =>
      storeTransaction(control, () => {
        const current = readKey(control, keyspace, keyId);
        const asking = readActingKey(control, keyspace, actor);
        if (current === undefined) return undefined;
        const change = decide(current, asking);
        if (change === null) return current;
        const changed = { ...current, ...change };
        drizzle(control).update(keys).set(changed).where(keyOf(keyspace, keyId)).run();
        append([auditRow(changed)]);
        return changed;
      }),
    rotate: (keyspace, keyId, actor, decide, auditRow) =>
      keyTransaction(control, () => {
        const facts = readRotateFacts(control, keyspace, keyId, actor);
        if (facts === undefined) return undefined;
        const { replacement, change } = decide(facts);
        requireKeyspaceStanding(control, keyspace);
        const inserted = insertKey(control, keyspace, replacement);
        const old = { ...facts.current, ...change };
        drizzle(control).update(keys).set(change).where(keyOf(keyspace, keyId)).run();
        append([auditRow(inserted, old)]);
        return { replacement: inserted, old };
      }),
    changeGrants: (keyId, nowMs, change, auditRow) =>
      storeTransaction(control, () => {
        const key = readKey(control, 'operator', keyId);
        if (key === undefined) return undefined;
        const done = applyGrantChange(control, key, change, nowMs);
        if (done.add.length + done.withdraw.length > 0) append([auditRow(key, done)]);
        return readGrants(control, keyId);
      }),
    noteUses: (uses) =>
      storeTransaction(audit, () => {
        for (const [keyId, use] of uses) noteUse(requireKeyId(keyId), use);
      }),
  };
}

/** Another process may have seen a later use already. */
function prepareNoteUse(database: Database.Database): (keyId: KeyId, use: KeyUse) => void {
  const update = drizzle(database)
    .update(keys)
    .set({ lastUsedAtMs: sql`${sql.placeholder('atMs')}`, lastClient: sql`${sql.placeholder('client')}` })
    .where(
      and(
        eq(keys.id, sql.placeholder('keyId')),
        or(isNull(keys.lastUsedAtMs), lt(keys.lastUsedAtMs, sql.placeholder('atMs'))),
      ),
    )
    .prepare();
  return (keyId, { atMs, client }) => void update.run({ keyId, atMs, client });
}

function listKeys(
  listing: Database.Database,
  keyspace: Keyspace,
  filter: KeyFilter,
  page: KeyPage,
): readonly KeyRecord[] {
  const { status, scopeType, userId, endsBeforeMs, nowMs, staleAfterMs } = filter;
  return drizzle(listing)
    .select(keyColumns)
    .from(keys)
    .where(
      and(
        ofKeyspace(keyspace),
        isShown,
        status === undefined ? undefined : hasStatus(status, nowMs, staleAfterMs),
        scopeType === undefined ? undefined : eq(keys.scopeType, scopeType),
        endsBeforeMs === undefined ? undefined : endsBefore(endsBeforeMs),
        // A text that is no user's id equals none of them.
        userId === undefined ? undefined : sql`${keys.userId} = ${userId}`,
        page.beforeId === undefined ? undefined : lt(keys.id, requireKeyId(page.beforeId)),
      ),
    )
    .orderBy(desc(keys.id))
    .limit(page.limit)
    .all();
}
