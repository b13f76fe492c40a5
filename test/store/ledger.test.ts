import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { watchChanges } from '../../db/sqlite/recovery/ledger.ts';
import { createLedgerFile } from '../../db/sqlite/recovery/ledger-file.ts';
import { chainPoint, emptyChain } from '../../src/audit/audit-event.ts';
import { auditRow, mint, newKey, now, provision, START_MS } from './contract/fixtures.ts';
import { changeKey, revokeKey } from './contract/key-changes.ts';
import { runTogether } from './run-together.ts';
import {
  everything,
  ledgerLines,
  openForeign,
  openSettled,
  openTemporary,
  temporaryFile,
} from './temporary-store.ts';

test('whatever makes, ends or changes a key is in the ledger with its audit row; a use is not', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  const minted = await mint(store, organization.id, newKey(organization.id));
  await changeKey(store, minted, { name: 'renamed' });
  await changeKey(store, minted, { replacedBy: defaultKey.id, graceUntilMs: START_MS });
  await changeKey(store, minted, { heldAtMs: START_MS });
  await changeKey(store, minted, { heldAtMs: null });
  await store.keys.noteUses(new Map([[minted.id, { atMs: START_MS, client: 'a client' }]]));
  await revokeKey(store, minted);
  await store.organizations.setStatus(organization.id, 'deleted', START_MS, ({ id }) => auditRow(id));

  const [begun, ...lines] = ledgerLines(store.file);
  expect(begun).toMatchObject({ what: 'begun', seq: 0, ledger: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(lines.map(({ what, key_id, status }) => [what, key_id ?? status])).toEqual([
    ['minted', defaultKey.id],
    ['minted', minted.id],
    ['changed', minted.id],
    ['rotated', minted.id],
    ['held', minted.id],
    ['confirmed', minted.id],
    ['revoked', minted.id],
    ['organization', 'deleted'],
    ['revoked', defaultKey.id],
  ]);
  expect(lines[6]).toMatchObject({ by: 'ann', organization_id: organization.id, at: expect.any(String) });
  const chain = await store.audit.readChain(emptyChain, 100);
  for (const { seq, hash } of lines) expect(chain[seq - 1]).toMatchObject({ seq, hash });
  expect(statSync(`${store.file}.ledger`).mode & 0o777).toBe(0o600);
  for (const secret of ['tnt_', defaultKey.prefix.slice(4)]) {
    expect(readFileSync(`${store.file}.ledger`, 'utf8')).not.toContain(secret);
  }
});

test('a change that no audit row follows cannot be committed, whoever makes it', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store);
  const before = [ledgerLines(store.file), everything(store.file)];
  const database = openForeign(store.file);
  database.pragma('foreign_keys = ON');
  watchChanges(database, createLedgerFile(store.file), now);
  const expire = 'UPDATE keys SET expires_at = 1';
  const columns = Object.keys(database.prepare('SELECT * FROM audit').get() as object); // There is a row.
  const copied = columns.map((name) => (name === 'seq' ? 'seq + 1' : name)).join(', ');
  const row = `INSERT INTO audit SELECT ${copied} FROM audit ORDER BY seq DESC LIMIT 1`;
  const run = (...statements: string[]) =>
    database.transaction(() => statements.forEach((statement) => void database.exec(statement))).immediate();
  expect(() => database.exec(expire)).toThrow('FOREIGN KEY');
  expect(() => run(expire)).toThrow('FOREIGN KEY');
  expect(() => run(row, expire)).toThrow('FOREIGN KEY');
  expect([ledgerLines(store.file), everything(store.file)]).toEqual(before);
  run("UPDATE keys SET last_used_at = 1, last_client = 'a client'");
  run(expire, row);
  expect(ledgerLines(store.file).at(-1)).toMatchObject({ what: 'changed', key_id: defaultKey.id });
});

test('a change that cannot be noted is not made', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  rmSync(`${store.file}.ledger`);
  mkdirSync(`${store.file}.ledger`);
  await expect(revokeKey(store, defaultKey)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await store.keys.get(organization.id, defaultKey.id)).toEqual(defaultKey);
  rmSync(`${store.file}.ledger`, { recursive: true });
  await revokeKey(store, defaultKey);
  // The new one begins with the row of its first line, so it covers nothing before.
  expect(ledgerLines(store.file).map(({ what }) => what)).toEqual(['begun', 'revoked']);
});

test('a line that a crash cut off does not take the next one with it', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store);
  appendFileSync(`${store.file}.ledger`, '{"what":"revo');
  await revokeKey(store, defaultKey);
  expect(ledgerLines(store.file).at(-1)).toMatchObject({ what: 'revoked', key_id: defaultKey.id });
  await store.close();
  expect(openTemporary(store.file).recoveryReport).toBeNull();
});

test('processes that change the store together write whole lines in the order of their rows', async () => {
  const file = temporaryFile();
  const row = auditRow(null);
  await runTogether(
    ['a', 'b', 'c'].flatMap((externalId) =>
      [1, 2].map(() => ({ do: 'provision', file, externalId, times: 4, auditRow: row }) as const),
    ),
  );
  const database = openForeign(file);
  const keys = database.prepare('SELECT id FROM keys').pluck().all();
  const minted = ledgerLines(file).filter(({ what }) => what === 'minted');
  expect(minted.map(({ key_id }) => key_id).sort()).toEqual(keys.sort());
  expect(keys).toHaveLength(3);
  const seqs = ledgerLines(file).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
});

test('a pruned chain is still known to its ledger', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store);
  await changeKey(store, defaultKey, { purpose: 'another' });
  const { seq } = await store.audit.head();
  await store.audit.append(auditRow(null));
  await store.audit.prune(chainPoint(seq), () => auditRow(null, { kind: 'checkpoint' }));
  await store.close();
  expect(openTemporary(store.file).recoveryReport).toBeNull();
});
