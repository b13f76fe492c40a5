import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import type { AuditRow } from '../../src/audit/audit-event.ts';
import type { AuditChain } from '../../src/audit/chain/row-hash.ts';
import { newRequestId } from '../../src/ids.ts';
import type { RecoveryReport, Store } from '../../src/store/store.ts';
import { type ConnectionOptions, closeConnections, openConnections } from './connection/connections.ts';
import { drizzle, sql } from './connection/drizzle.ts';
import { guardOf } from './connection/guard.ts';
import { migrateStore } from './connection/migrate.ts';
import { storeCall } from './connection/store-call.ts';
import { createAuthReads } from './credential-lookup/auth-reads.ts';
import { prepareFindKey } from './credential-lookup/find-key.ts';
import { afterForeignCommits } from './credential-lookup/foreign-commits.ts';
import { keepRevision, prepareRevision } from './credential-lookup/revision.ts';
import { watchChanges } from './recovery/ledger.ts';
import { createLedgerFile } from './recovery/ledger-file.ts';
import { newestInstant, prepareLaterInstant } from './recovery/newest-instant.ts';
import { replayLedger } from './recovery/replay-ledger.ts';
import { prepareAppend } from './rows/audit-chain.ts';
import { secrets } from './schema/schema.ts';
import { createAuditTrail } from './stores/audit-trail.ts';
import { createKeyStore } from './stores/key-store.ts';
import { createMemberStore } from './stores/member-store.ts';
import { createOrganizationStore } from './stores/organization-store.ts';

/** The clock is told how late it is by the rows that are there, so that it is never before them. */
type StoreOptions = ConnectionOptions & { readonly auditChain: AuditChain };

const CURSOR_SECRET_BYTES = 32;
const migrationsFolder = join(import.meta.dirname, 'migrations');

/** Opens the store in `file`, made and migrated where it needs to be. Throws, having closed it, when it cannot. */
export function openStore(file: string, options: StoreOptions): Store {
  const { auditChain, clock } = options;
  const { now, observe } = clock;
  let cursorSecret: Buffer = Buffer.alloc(0);
  let recoveryReport: RecoveryReport | null = null;
  const ledger = createLedgerFile(resolve(file));
  const prepareStore = (control: Database.Database): void => {
    migrateStore(control, migrationsFolder);
    observe(newestInstant(control, ledger.newest()));
    cursorSecret = ensureCursorSecret(control, now());
    keepRevision(control);
    watchChanges(control, ledger, now);
    const append = prepareAppend(control, auditChain);
    const auditRow = (found: RecoveryReport) => olderStoreRow(found, now());
    recoveryReport = replayLedger(control, ledger, { append, now, auditRow, isRestored: false });
  };
  const connections = openConnections(resolve(file), options, prepareStore);
  const { flush, ...audit } = createAuditTrail(connections, auditChain);
  const { auth, audit: auditWriter, control } = connections;
  const revision = prepareRevision(auth);
  const findKey = prepareFindKey(auth);
  const laterInstant = prepareLaterInstant(auth);
  const reads = createAuthReads(auth, {
    // Nothing that this connection writes changes a credential, or has a time that this process does not know.
    begin: afterForeignCommits(auditWriter, () => {
      findKey.begin(revision());
      const atMs = laterInstant();
      if (atMs !== undefined) observe(atMs);
    }),
    // Calls that came together and ended together share one commit, and wait for nobody else's.
    ended: flush,
  });
  const canary = drizzle(auth).select({ name: secrets.name }).from(secrets).limit(1).prepare();
  return {
    keys: createKeyStore(connections, auditChain, reads, findKey.find),
    organizations: createOrganizationStore(connections, auditChain),
    members: createMemberStore(connections, auditChain, reads),
    audit,
    cursorSecret,
    recoveryReport,
    ping: () => storeCall(auth, () => void canary.get()),
    async close() {
      if (!control.open) return;
      flush();
      await guardOf(control)?.writes.idle();
      closeConnections(connections);
    },
  };
}

/** The first process to come makes the secret; the others are given it. */
function ensureCursorSecret(control: Database.Database, nowMs: number): Buffer {
  return drizzle(control)
    .insert(secrets)
    .values({ name: 'cursor', value: randomBytes(CURSOR_SECRET_BYTES), createdAtMs: nowMs })
    .onConflictDoUpdate({ target: secrets.name, set: { value: sql`value` } })
    .returning({ value: secrets.value })
    .get().value;
}

/** No command brought the store back, so the program itself says what it found. */
function olderStoreRow(recoveryReport: RecoveryReport, nowMs: number): AuditRow {
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
    change: JSON.stringify(recoveryReport),
  };
}
