import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openStore } from '../../db/open-store.ts';
import { type AuditRow, auditChain } from '../../src/audit/audit-event.ts';
import { newKeyId, newOrganizationId, newRequestId, type OrganizationId } from '../../src/ids.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import type { KeyRecord, Keyspace } from '../../src/keys/key-record.ts';
import type { NewKey } from '../../src/keys/key-store.ts';
import { makeKey } from '../../src/keys/new-key.ts';
import type { Store } from '../../src/store.ts';
import { requireNoSecrets } from '../support/secrets.ts';

export const START_MS = 1_700_000_000_000;
export const canonicalScopes = ['agent:read', 'agent:search'];
export const format = createKeyFormat('tnt');
export const now = () => START_MS;

/** A path in a folder of its own, gone when the test is. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  onTestFinished(() => {
    try {
      requireNoSecrets({ folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return join(folder, 'store.db');
}

export function openTemporary(file: string, durability: 'process' | 'power' = 'process'): Store {
  const store = openStore(file, { durability, auditChain, now });
  onTestFinished(() => store.close());
  return store;
}

/** A connection of somebody else, to look behind the ports or to stand in their way. */
export function openForeign(file: string): Database.Database {
  const database = new Database(file, { timeout: 0 });
  onTestFinished(() => void database.close());
  return database;
}

/** Whether somebody else is writing; asked through a connection that does not wait. */
export function isLocked(foreign: Database.Database): boolean {
  try {
    foreign.transaction(() => undefined).immediate();
    return false;
  } catch {
    return true;
  }
}

export async function openSettled(file = temporaryFile()): Promise<Store & { readonly file: string }> {
  const store = openTemporary(file);
  await store.organizations.settleCanon(canonicalScopes, START_MS);
  return { ...store, file };
}

export function newKey(keyspace: Keyspace, traits: Partial<KeyRecord> = {}): NewKey {
  return makeKey(
    keyspace,
    {
      name: 'a key',
      scopeType: 'global',
      scopes: canonicalScopes,
      scopeSource: 'canonical',
      canonicalVersion: 1,
      owner: 'operator',
      createdBy: 'cli',
      expiresAtMs: null,
      ...traits,
    },
    format,
    START_MS,
  );
}

export function auditRow(organizationId: OrganizationId | null, fields: Partial<AuditRow> = {}): AuditRow {
  return {
    kind: 'call',
    at: START_MS,
    requestId: newRequestId(),
    organizationId,
    tier: 'organization-key',
    keyId: newKeyId(START_MS),
    keyPrefix: 'tnt_a1B2c3D4',
    userId: null,
    createdBy: 'cli',
    onBehalfOf: null,
    method: 'POST',
    target: '/mcp tools/call',
    tool: 'search_agents',
    status: 200,
    errorCode: null,
    durationMs: 3,
    clientAddress: '127.0.0.1',
    clientName: 'a client',
    era: '2026',
    change: null,
    ...fields,
  };
}

/** An organisation with its default key. */
export async function provision(store: Store, externalId: string | null = null) {
  let made: NewKey | undefined;
  const { organization } = await store.organizations.provision(
    externalId,
    () => {
      const id = newOrganizationId(START_MS);
      made = newKey(id, { isDefault: true, name: 'Default key' });
      const name = `Organisation ${randomBytes(4).toString('hex')}`;
      return {
        organization: { id, name, externalId, status: 'active', createdAtMs: START_MS },
        defaultKey: made,
      };
    },
    (provisioned) => auditRow(provisioned.id, { change: '{"provisioned":true}' }),
  );
  if (made === undefined) throw new Error('the organisation was there already');
  return { organization, defaultKey: made.key, hash: made.hash };
}

export function mint(store: Store, keyspace: Keyspace, made: NewKey): Promise<KeyRecord> {
  return store.keys.mint(
    keyspace,
    null,
    START_MS,
    () => made,
    (key) => auditRow(key.organizationId, { change: JSON.stringify({ minted: key.id }) }),
  );
}

/** Every row of every table, to show that something touched nothing. */
export function everything(file: string): string {
  const database = new Database(file, { readonly: true });
  const tables = ['organizations', 'keys', 'host_grants', 'latches', 'canonical_sets', 'audit', 'secrets'];
  const rows = tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  database.close();
  return JSON.stringify(rows);
}
