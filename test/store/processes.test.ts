import { expect, test } from 'vitest';
import { verifyChain } from '../../src/audit/chain/verify.ts';
import type { Provisioned } from '../../src/provisioning/provision.ts';
import { auditRow, START_MS } from './contract/fixtures.ts';
import { runTogether } from './run-together.ts';
import { isLocked, openForeign, openSettled, openTemporary, temporaryFile } from './temporary-store.ts';

test('100 provisions of one external id from four processes make one organisation and one key', async () => {
  const store = await openSettled();
  const task = { do: 'provision', file: store.file, externalId: 'acme-1', times: 25 } as const;
  const answers = await runTogether(Array.from({ length: 4 }, () => ({ ...task, auditRow: auditRow(null) })));
  const provisioned = answers.flat() as Provisioned[];
  expect(provisioned).toHaveLength(100);
  expect(new Set(provisioned.map(({ organization }) => organization.id)).size).toBe(1);
  expect(provisioned.filter(({ defaultKey }) => defaultKey !== null)).toHaveLength(1);
  const database = openForeign(store.file);
  expect(database.prepare('SELECT count(*) FROM keys').pluck().get()).toBe(1);
  expect(database.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(1);
});

test('a program that starts ensures the canonical set although another one writes', async () => {
  const file = temporaryFile();
  const store = openTemporary(file);
  const foreign = openForeign(file);
  const held = runTogether([{ do: 'hold', file, holdMs: 700 }]);
  while (!isLocked(foreign)) await new Promise((next) => setTimeout(next, 10));
  expect((await store.organizations.ensureCanonicalSet(['a:read'], START_MS)).version).toBe(1);
  expect(await held).toEqual(['held']);
});

test('processes that append at once keep one chain', async () => {
  const store = await openSettled();
  const rows = Array.from({ length: 200 }, () => auditRow(null));
  await runTogether(Array.from({ length: 3 }, () => ({ do: 'append', file: store.file, rows }) as const));
  expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 600 });
});
