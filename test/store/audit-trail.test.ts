import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { prepareAppend } from '../../db/sqlite/rows/audit-chain.ts';
import { createGroupCommit } from '../../db/sqlite/stores/group-commit.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { auditRow, byOperator, provision, START_MS } from './contract/fixtures.ts';
import { openForeign, openSettled, temporaryFile } from './temporary-store.ts';

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
  const store = await openSettled(temporaryFile(), 50);
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
    () => store.keys.mint(organization.id, byOperator, () => expect.fail('decided'), row),
    () => store.organizations.list({ limit: 100 }),
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
