import { expect, test } from 'vitest';
import { chainPoint } from '../../src/audit/audit-event.ts';
import { verifyChain } from '../../src/audit/chain/verify.ts';
import { appendMany, checkpoint } from './contract/fixtures.ts';
import { openForeign, openSettled } from './temporary-store.ts';

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
  expect(await verifyChain(store.audit, { kept })).toMatchObject({ ok: false });
  await appendMany(store, 6);
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true });
  expect(await verifyChain(store.audit, { kept })).toMatchObject({ ok: false });
});

test('a cut after a prune is found', async () => {
  const store = await openSettled();
  await appendMany(store, 12);
  const [removed] = await store.audit.readChain(chainPoint(4), 1);
  await store.audit.prune(chainPoint(5), () => checkpoint(removed));
  expect(await verifyChain(store.audit)).toMatchObject({ problem: null, rows: 8 });
  openForeign(store.file).exec('DELETE FROM audit WHERE seq = 6');
  expect(await verifyChain(store.audit)).toMatchObject({ brokenAt: 1, problem: 'a row is missing' });
});
