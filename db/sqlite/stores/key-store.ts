import type Database from 'better-sqlite3';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import type { KeyId } from '../../../src/ids.ts';
import type { KeyRecord, Keyspace } from '../../../src/keys/key-record.ts';
import type { KeyFilter, KeyPage, KeyStore, KeyUse } from '../../../src/keys/key-store.ts';
import type { Connections } from '../connection/connections.ts';
import { and, desc, drizzle, eq, isNull, lt, or, sql } from '../connection/drizzle.ts';
import { storeCall, storeTransaction } from '../connection/store-call.ts';
import { assertKeyId } from '../connection/tenant.ts';
import type { AuthReads } from '../credential-lookup/auth-reads.ts';
import type { FindKey } from '../credential-lookup/find-key.ts';
import { readActorKey, readKey } from '../rows/actor-key.ts';
import { prepareAppend } from '../rows/audit-chain.ts';
import { requireKeyspaceStanding } from '../rows/existing-organization.ts';
import { applyGrantChange, prepareFindGrant, readGrants } from '../rows/host-grants.ts';
import { readMintFacts, readRotateFacts } from '../rows/key-facts.ts';
import {
  insertKey,
  isShown,
  isWithin,
  keyColumns,
  keyOf,
  keyTransaction,
  ofKeyspace,
} from '../rows/key-rows.ts';
import { endsBefore, hasStatus, isLiveAt } from '../rows/key-status.ts';
import { keys } from '../schema/schema.ts';

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
    mint: (keyspace, query, decide, auditRow) =>
      keyTransaction(control, () => {
        const made = decide(readMintFacts(control, keyspace, query));
        requireKeyspaceStanding(control, keyspace);
        const key = insertKey(control, keyspace, made);
        append([auditRow(key)]);
        return key;
      }),
    change: (address, actor, decide, auditRow) =>
      storeTransaction(control, () => {
        const { keyspace, keyId } = address;
        const current = readKey(control, keyspace, keyId);
        const asking = readActorKey(control, keyspace, actor);
        if (current === undefined) return undefined;
        const change = decide(current, asking);
        if (change === null) return current;
        const changed = { ...current, ...change };
        drizzle(control).update(keys).set(changed).where(keyOf(keyspace, keyId)).run();
        append([auditRow(changed)]);
        return changed;
      }),
    rotate: (address, actor, decide, auditRow) =>
      keyTransaction(control, () => {
        const { keyspace, keyId } = address;
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
        for (const [keyId, use] of uses) noteUse(assertKeyId(keyId), use);
      }),
  };
}

/** Keeps a later use that another process has stored. */
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
  const { status, scopeType, userId, within, endsBeforeMs, nowMs, staleAfterMs } = filter;
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
        // As raw SQL, so that a malformed user id matches no row.
        userId === undefined ? undefined : sql`${keys.userId} = ${userId}`,
        within === undefined ? undefined : isWithin(within),
        page.beforeId === undefined ? undefined : lt(keys.id, assertKeyId(page.beforeId)),
      ),
    )
    .orderBy(desc(keys.id))
    .limit(page.limit)
    .all();
}
