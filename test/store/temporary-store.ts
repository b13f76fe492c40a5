import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openStore } from '../../db/sqlite/open-store.ts';
import type { LedgerLine } from '../../db/sqlite/recovery/ledger-lines.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { createClock } from '../../src/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { requireNoSecrets } from '../support/secrets.ts';
import { canonicalScopes, now, START_MS } from './contract/fixtures.ts';

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

export function openTemporary(
  file: string,
  durability: 'process' | 'power' = 'process',
  busyTimeoutMs?: number,
): Store {
  const store = openStore(file, { durability, busyTimeoutMs, auditChain, clock: createClock(now, now) });
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

export async function openSettled(
  file = temporaryFile(),
  busyTimeoutMs?: number,
): Promise<Store & { readonly file: string }> {
  const store = openTemporary(file, 'process', busyTimeoutMs);
  await store.organizations.ensureCanonicalSet(canonicalScopes, START_MS);
  return { ...store, file };
}

/** Every row of every table, to show that something touched nothing. */
export function everything(file: string): string {
  const database = new Database(file, { readonly: true });
  const ofKeys = ['organizations', 'keys', 'host_grants', 'latches', 'canonical_sets', 'audit', 'secrets'];
  const ofPeople = ['users', 'memberships', 'permission_groups', 'group_members'];
  const rows = [...ofKeys, ...ofPeople].map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  database.close();
  return JSON.stringify(rows);
}

export const ledgerLines = (file: string): LedgerLine[] =>
  readFileSync(`${file}.ledger`, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
