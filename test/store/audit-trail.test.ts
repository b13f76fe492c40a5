import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { prepareAppend } from '../../db/audit-chain.ts';
import { createGroupCommit } from '../../db/group-commit.ts';
import { auditChain } from '../../src/audit/audit-event.ts';
import type { AuditFilter } from '../../src/audit/audit-trail.ts';
import { known } from './key-changes.ts';
import { auditRow, openForeign, openSettled, provision, START_MS } from './temporary-store.ts';

const countRows = (database: Database.Database) =>
  Number(database.prepare('SELECT count(*) FROM audit').pluck().get());

test('rows that arrive together share one commit', async () => {
  const store = await openSettled();
  const said: string[] = [];
  const database = new Database(store.file, { verbose: (statement) => said.push(String(statement)) });
  const group = createGroupCommit(database, prepareAppend(database, auditChain));
  const commits = () => said.filter((statement) => statement === 'COMMIT').length;
  await Promise.all(Array.from({ length: 50 }, () => group.add(auditRow(null))));
  expect(commits()).toBe(1);
  await group.add(auditRow(null));
  expect(commits()).toBe(2);
  expect(said.filter((statement) => statement === 'BEGIN IMMEDIATE')).toHaveLength(2);
  database.close();
  expect(await store.audit.head()).toMatchObject({ seq: 51 });
});

test('no append resolves before its row can be read by another connection', async () => {
  const store = await openSettled();
  const foreign = openForeign(store.file);
  const isThere = foreign.prepare('SELECT count(*) FROM audit WHERE request_id = ?').pluck();
  const appends = Array.from({ length: 40 }, async (_, place) => {
    // Some arrive in the same turn, others while a group is under way.
    for (let turns = place % 4; turns > 0; turns -= 1) await new Promise((next) => setImmediate(next));
    const row = auditRow(null);
    expect(isThere.get(row.requestId)).toBe(0);
    const appended = store.audit.append(row);
    expect(isThere.get(row.requestId)).toBe(0);
    await appended;
    return isThere.get(row.requestId);
  });
  expect(await Promise.all(appends)).toEqual(Array(40).fill(1));
});

test('where a group cannot be committed every one of it hears of it, and the next goes on', async () => {
  const store = await openSettled();
  const foreign = openForeign(store.file);
  foreign.exec('BEGIN IMMEDIATE');
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => store.audit.append(auditRow(null))),
  );
  foreign.exec('ROLLBACK');
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_BUSY' } });
  }
  expect(countRows(foreign)).toBe(0);
  await store.audit.append(auditRow(null));
  const unwritable = auditRow(null, { durationMs: Number.NaN });
  const mixed = await Promise.allSettled([auditRow(null), unwritable].map((row) => store.audit.append(row)));
  expect(mixed.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  await store.audit.append(auditRow(null));
  expect(countRows(foreign)).toBe(2);
});

test('a row of what is no organisation is refused alone, not with the rows beside it', async () => {
  const store = await openSettled();
  const rows = [auditRow(null), auditRow('org_1' as never), auditRow(null)];
  const results = await Promise.allSettled(rows.map((row) => store.audit.append(row)));
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('what waits for a lock gives up soon, the next at once, and finding goes on', async () => {
  const store = await openSettled();
  const { organization, defaultKey, hash } = await provision(store);
  const foreign = openForeign(store.file);
  foreign.exec('BEGIN IMMEDIATE');
  const row = () => auditRow(organization.id);
  const revoke = () => ({ revokedAtMs: START_MS });
  const mutations = [
    () => store.audit.append(row()),
    () => store.audit.prune(1, row()),
    () => store.keys.mint(organization.id, null, START_MS, () => expect.fail('decided'), row),
    () => store.keys.change(organization.id, defaultKey.id, null, revoke, row),
    () => store.keys.noteUses(new Map([[defaultKey.id, { atMs: START_MS, client: null }]])),
    () => store.organizations.setStatus(organization.id, 'suspended', START_MS, row),
    () => store.organizations.provision('new', () => expect.fail('made'), row),
  ];
  const waitMs = async (mutate: () => Promise<unknown>) => {
    const startedMs = performance.now();
    await expect(mutate()).rejects.toMatchObject({ code: 'STORE_BUSY' });
    return performance.now() - startedMs;
  };
  const firstMs: number[] = [];
  const laterMs: number[] = [];
  for (const mutate of mutations) {
    foreign.exec('COMMIT');
    await store.audit.append(row());
    foreign.exec('BEGIN IMMEDIATE');
    firstMs.push(await waitMs(mutate));
    laterMs.push(await waitMs(mutate));
  }
  // The one in the middle is not misled by what else the machine does.
  const middleOf = (waits: readonly number[]) => [...waits].sort((one, other) => one - other)[3];
  expect(middleOf(firstMs)).toBeGreaterThan(45);
  expect(middleOf(firstMs)).toBeLessThan(300);
  expect(middleOf(laterMs)).toBeLessThan(30);
  expect((await store.keys.find(hash))?.key).toEqual(known(defaultKey));
  expect(await store.organizations.list()).toEqual([organization]);
});

test('a store that has lost its tables is unavailable, and shows nothing of why', async () => {
  const store = await openSettled();
  const { organization, hash } = await provision(store);
  const foreign = openForeign(store.file);
  foreign.pragma('foreign_keys = OFF');
  for (const table of ['keys', 'organizations', 'canonical_sets', 'audit'])
    foreign.exec(`DROP TABLE ${table}`);
  const row = () => auditRow(organization.id);
  for (const ask of [
    () => store.keys.find(hash),
    () => store.keys.listCreatedBy(organization.id, 'cli', START_MS),
    () => store.keys.mint(organization.id, null, START_MS, () => expect.fail('decided'), row),
    () => store.organizations.list(),
    () => store.organizations.canon(),
    () => store.audit.append(row()),
    () => store.audit.head(),
    () => store.audit.listForOperator({}, { limit: 1 }),
  ]) {
    await expect(ask()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'The store cannot answer; try again.',
      cause: expect.objectContaining({ message: expect.stringContaining('no such table') }),
    });
  }
});

test('a listing filters by key, tool, code and time, newest first, page by page', async () => {
  const store = await openSettled();
  const { organization } = await provision(store);
  const other = await provision(store);
  for (let place = 0; place < 12; place += 1) {
    const fields = {
      at: 100 + place,
      keyPrefix: `tnt_${place % 2}`,
      tool: place % 3 === 0 ? 'whoami' : null,
      errorCode: place % 4 === 0 ? 'FORBIDDEN' : null,
    };
    await store.audit.append(auditRow(organization.id, fields));
    await store.audit.append(auditRow(other.organization.id, fields));
  }
  const list = async (filter: AuditFilter, limit = 100, beforeSeq?: number) => {
    const page = await store.audit.list(organization.id, filter, { limit, beforeSeq });
    return page.filter((event) => event.at < START_MS).map((event) => event.at - 100);
  };
  expect(await list({})).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  expect(await list({ keyPrefix: 'tnt_1' })).toEqual([11, 9, 7, 5, 3, 1]);
  expect(await list({ tool: 'whoami' })).toEqual([9, 6, 3, 0]);
  expect(await list({ code: 'FORBIDDEN' })).toEqual([8, 4, 0]);
  expect(await list({ sinceMs: 103, untilMs: 106 })).toEqual([5, 4, 3]);
  expect(await list({ keyPrefix: 'tnt_0', tool: 'whoami', code: 'FORBIDDEN', sinceMs: 100 })).toEqual([0]);
  expect(await list({ tool: 'who%' })).toEqual([]);
  const first = await store.audit.list(organization.id, {}, { limit: 5 });
  expect(first.map((event) => event.at - 100)).toEqual([11, 10, 9, 8, 7]);
  expect(await list({}, 5, first.at(-1)?.seq)).toEqual([6, 5, 4, 3, 2]);
  const all = await store.audit.listForOperator({ tool: 'whoami', sinceMs: 106, untilMs: 110 }, { limit: 9 });
  expect(all.map((event) => event.at - 100)).toEqual([9, 9, 6, 6]);
});

test('what a filter looks for is found however far back it stands, and so are the rows of a quiet organisation', async () => {
  const store = await openSettled();
  const { organization } = await provision(store);
  const busy = await provision(store);
  const rare = { tool: 'rare', at: 7 };
  await store.audit.append(auditRow(organization.id, rare));
  for (let count = 0; count < 3; count += 1) {
    await Promise.all(Array.from({ length: 1000 }, () => store.audit.append(auditRow(busy.organization.id))));
  }
  const found = await store.audit.list(organization.id, { tool: 'rare' }, { limit: 5 });
  expect(found).toMatchObject([rare]);
  expect((await store.audit.list(organization.id, {}, { limit: 1 }))[0]).toMatchObject(rare);
  expect(await store.audit.listForOperator({ tool: 'rare' }, { limit: 5 })).toEqual(found);
  expect(
    await store.audit.list(organization.id, { tool: 'rare' }, { limit: 5, beforeSeq: found[0]?.seq ?? 0 }),
  ).toEqual([]);
  const page = await store.audit.list(busy.organization.id, { tool: 'whoami' }, { limit: 1500 });
  expect(page.map(({ seq }) => seq)).toEqual(page.map(({ seq }) => seq).sort((a, b) => b - a));
});
