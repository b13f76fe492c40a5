import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import type { AuditChain, AuditRow } from '../src/audit/audit-event.ts';
import { newRequestId } from '../src/ids.ts';
import type { Reckoning, Store } from '../src/store.ts';
import { prepareAppend } from './audit-chain.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createAuthReads } from './auth-reads.ts';
import { backupStore } from './backup.ts';
import { closeConnections, type Durability, openConnections } from './connections.ts';
import { drizzle, sql } from './drizzle.ts';
import { prepareFindKey } from './find-key.ts';
import { createKeyStore } from './key-store.ts';
import { watchChanges } from './ledger.ts';
import { createLedgerFile } from './ledger-file.ts';
import { createMemberStore } from './member-store.ts';
import { migrateStore } from './migrate.ts';
import { createOrganizationStore } from './organization-store.ts';
import { keepRevision, prepareRevision } from './revision.ts';
import { secrets } from './schema.ts';
import { settleLedger } from './settle-ledger.ts';
import { requireStore, storeError } from './store-call.ts';

type StoreOptions = {
  readonly durability: Durability;
  readonly auditChain: AuditChain;
  readonly now: () => number;
};

const CURSOR_SECRET_BYTES = 32;
const migrationsFolder = join(import.meta.dirname, 'migrations');

/** Opens the store in `file`, made and migrated where it needs to be. Throws, having closed it, when it cannot. */
export function openStore(file: string, { durability, auditChain, now }: StoreOptions): Store {
  let cursorSecret: Buffer = Buffer.alloc(0);
  let reckoning: Reckoning | null = null;
  const ledger = createLedgerFile(resolve(file));
  const connections = openConnections(resolve(file), durability, (control) => {
    migrateStore(control, migrationsFolder);
    cursorSecret = settleCursorSecret(control, now());
    keepRevision(control);
    watchChanges(control, ledger, now);
    const append = prepareAppend(control, auditChain);
    const auditRow = (found: Reckoning) => olderStoreRow(found, now());
    reckoning = settleLedger(control, ledger, { append, now, auditRow, isRestored: false });
  });
  const { flush, ...audit } = createAuditTrail(connections, auditChain);
  const { auth, control } = connections;
  const revision = prepareRevision(auth);
  const findKey = prepareFindKey(auth);
  const reads = createAuthReads(auth, {
    begin: () => findKey.begin(revision()),
    // Calls that came together and ended together share one commit, and wait for nobody else's.
    settled: flush,
  });
  const canary = drizzle(auth).select({ name: secrets.name }).from(secrets).limit(1).prepare();
  return {
    keys: createKeyStore(connections, auditChain, reads, findKey.find),
    organizations: createOrganizationStore(connections, auditChain),
    members: createMemberStore(connections, auditChain, reads),
    audit,
    cursorSecret,
    reckoning,
    backup: (copy) => backupStore(connections, copy),
    ping() {
      requireStore(auth);
      try {
        canary.get();
      } catch (thrown) {
        throw storeError(auth, thrown);
      }
    },
    async close() {
      if (!control.open) return;
      flush();
      closeConnections(connections);
    },
  };
}

/** The first process to come makes the secret; the others are given it. */
function settleCursorSecret(control: Database.Database, nowMs: number): Buffer {
  return drizzle(control)
    .insert(secrets)
    .values({ name: 'cursor', value: randomBytes(CURSOR_SECRET_BYTES), createdAtMs: nowMs })
    .onConflictDoUpdate({ target: secrets.name, set: { value: sql`value` } })
    .returning({ value: secrets.value })
    .get().value;
}

/** No command brought the store back, so the program itself says what it found. */
function olderStoreRow(reckoning: Reckoning, nowMs: number): AuditRow {
  return {
    kind: 'call',
    at: nowMs,
    requestId: newRequestId(),
    organizationId: null,
    tier: 'system',
    keyId: null,
    keyPrefix: null,
    userId: null,
    createdBy: null,
    onBehalfOf: null,
    method: 'system',
    target: 'store older than its ledger',
    tool: null,
    status: 200,
    errorCode: null,
    durationMs: 0,
    clientAddress: null,
    clientName: null,
    era: null,
    change: JSON.stringify(reckoning),
  };
}
