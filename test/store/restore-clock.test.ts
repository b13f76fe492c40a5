import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { backupStore } from '../../db/sqlite/recovery/backup.ts';
import { openRestoration } from '../../db/sqlite/recovery/restore.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { operatorRow } from '../../src/audit/operator-row.ts';
import { createClock } from '../../src/clock.ts';
import { provision } from './contract/fixtures.ts';
import { openSettled } from './temporary-store.ts';

const HOUR_MS = 3_600_000;

test('a restore with a clock that was set back goes on from the newest row of either store', async () => {
  const store = await openSettled();
  await provision(store);
  const copy = `${store.file}.copy`;
  writeFileSync(copy, '');
  await backupStore(store.file, copy);
  const newestMs = Date.now() + 48 * HOUR_MS;
  const row = operatorRow({ tier: 'cli', target: 'a test', organizationId: null, nowMs: newestMs });
  await store.audit.append(row);
  await store.close();
  const clock = createClock(
    () => newestMs - 72 * HOUR_MS,
    () => 0,
  );
  const restoration = await openRestoration(store.file, copy, { auditChain, clock });
  expect(clock.now()).toBe(newestMs);
  await restoration.close();
});
