import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditEvent, emptyChain } from '../../src/audit/audit-event.ts';
import { verifyChain } from '../../src/audit/verify.ts';
import type { Store } from '../../src/store.ts';
import { PROCESS_TEST_MS, runTogether } from './run-together.ts';
import {
  auditRow,
  mint,
  newKey,
  openForeign,
  openSettled,
  openTemporary,
  provision,
} from './temporary-store.ts';

async function appendMany(store: Store, count: number) {
  for (let place = 0; place < count; place += 1)
    await store.audit.append(auditRow(null, { durationMs: place }));
}

const checkpoint = (removed: AuditEvent | undefined) =>
  auditRow(null, {
    kind: 'checkpoint',
    change: JSON.stringify({ removed_head: `${removed?.seq}:${removed?.hash}` }),
  });

test('a row comes back as it was written, and an empty chain has a head', async () => {
  const store = await openSettled();
  expect(await store.audit.head()).toEqual(emptyChain);
  const row = auditRow(null, {
    onBehalfOf: 'job 7',
    errorCode: 'FORBIDDEN',
    change: '{"why":"…"}',
    era: '2025',
  });
  await store.audit.append(row);
  const [event] = await store.audit.readChain(0, 10);
  expect(event).toEqual({ ...row, ...(await store.audit.head()) });
  expect(await verifyChain(store.audit, await store.audit.head())).toMatchObject({ ok: true, rows: 1 });
});

test('any text of a client leaves the chain whole', async () => {
  const store = await openSettled();
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  });
  const texts = [...fc.sample(text, 200), 'half \ud800', '\u0000', 'a\u0000b', '\ufeff', '😀'];
  await Promise.all(texts.map((clientName) => store.audit.append(auditRow(null, { clientName }))));
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: texts.length, problem: null });
  const kept = await store.audit.readChain(0, 1000);
  expect(kept.map((event) => event.clientName)).toEqual(texts.map((each) => each.toWellFormed()));
});

test('two stores and their mutations that take turns keep one chain', async () => {
  const one = await openSettled();
  const two = openTemporary(one.file, 'power');
  const { organization } = await provision(one);
  await Promise.all(
    Array.from({ length: 60 }, async (_, place) => {
      const store = place % 2 === 0 ? one : two;
      if (place % 5 === 0) await mint(store, organization.id, newKey(organization.id));
      else await store.audit.append(auditRow(organization.id));
    }),
  );
  const head = await one.audit.head();
  expect(head.seq).toBe(61);
  expect(await verifyChain(two.audit, head)).toMatchObject({ ok: true, rows: 61, head });
});

test('processes that append at once keep one chain', { timeout: PROCESS_TEST_MS }, async () => {
  const store = await openSettled();
  const rows = Array.from({ length: 200 }, () => auditRow(null));
  await runTogether(Array.from({ length: 3 }, () => ({ do: 'append', file: store.file, rows }) as const));
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 600 });
});

test.each([
  ['a changed row', 'UPDATE audit SET status = 403 WHERE seq = 7', 7, 'a row was changed'],
  [
    'a row given to another organisation',
    "UPDATE audit SET organization_id = 'org_1' WHERE seq = 7",
    7,
    'changed',
  ],
  ['a removed row', 'DELETE FROM audit WHERE seq = 7', 7, 'a row is missing'],
  ['a removed beginning', 'DELETE FROM audit WHERE seq < 4', 1, 'a row is missing'],
  ['a row with a hash of its own', `UPDATE audit SET hash = '${'0'.repeat(64)}' WHERE seq = 7`, 7, 'changed'],
])('%s is found', async (_, tampering, brokenAt, problem) => {
  const store = await openSettled();
  await appendMany(store, 12);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 12 });
  openForeign(store.file).exec(tampering);
  const report = await verifyChain(store.audit);
  expect(report).toMatchObject({ ok: false, brokenAt, problem: expect.stringContaining(problem) });
});

test('a tail that was cut is found with the head that was kept, even when the chain went on', async () => {
  const store = await openSettled();
  await appendMany(store, 12);
  const kept = await store.audit.head();
  openForeign(store.file).exec('DELETE FROM audit WHERE seq > 9');
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true });
  expect(await verifyChain(store.audit, kept)).toMatchObject({ ok: false });
  await appendMany(store, 6);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true });
  expect(await verifyChain(store.audit, kept)).toMatchObject({ ok: false });
});

test('after a prune the chain verifies from the checkpoint, and a second cut is found', async () => {
  const store = await openSettled();
  await appendMany(store, 12);
  const rows = await store.audit.readChain(0, 100);
  await store.audit.prune(5, checkpoint(rows[4]));
  expect((await store.audit.readChain(0, 100)).map((event) => event.seq)).toEqual([
    6, 7, 8, 9, 10, 11, 12, 13,
  ]);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 8, head: { seq: 13 } });
  await appendMany(store, 2);
  await store.audit.prune(13, checkpoint((await store.audit.readChain(12, 1))[0]));
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 3, head: { seq: 16 } });
  openForeign(store.file).exec('DELETE FROM audit WHERE seq = 14');
  expect(await verifyChain(store.audit)).toMatchObject({ ok: false });
});

test('a prune of everything leaves the checkpoint, and the chain goes on from its place', async () => {
  const store = await openSettled();
  await appendMany(store, 4);
  await store.audit.prune(4, checkpoint((await store.audit.readChain(3, 1))[0]));
  expect(await store.audit.head()).toMatchObject({ seq: 5 });
  await appendMany(store, 1);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 2, head: { seq: 6 } });
});

test('a prune beyond the end, or without its checkpoint, removes nothing', async () => {
  const store = await openSettled();
  await appendMany(store, 4);
  await expect(store.audit.prune(5, checkpoint(undefined))).rejects.toThrow('the chain ends at 4');
  await expect(store.audit.prune(2, auditRow(null, { durationMs: Number.NaN }))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 4 });
});
