import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openForWriting } from '../../db/sqlite/connection/open-database.ts';
import { backupStore } from '../../db/sqlite/recovery/backup.ts';
import { openRestoration } from '../../db/sqlite/recovery/restore.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { machineClock } from '../support/clocks.ts';
import { provision } from './contract/fixtures.ts';
import { isLocked, openForeign, openSettled } from './temporary-store.ts';

const driver = join(import.meta.dirname, '../../node_modules/better-sqlite3/lib/index.js');

/** Holds the store as a restore does, and puts another file under its name before it lets go. */
const replacing = `
  const database = require(process.argv[1])(process.argv[2]);
  database.pragma('journal_mode = DELETE');
  database.exec('BEGIN EXCLUSIVE');
  console.log('held');
  setTimeout(() => {
    require('node:fs').renameSync(process.argv[2] + '.other', process.argv[2]);
    database.exec('ROLLBACK');
  }, 500);
`;

test('a program that waited for a restore is not given the store that it replaced', async () => {
  const store = await openSettled();
  await store.close();
  writeFileSync(`${store.file}.other`, '');
  const child = spawn(process.execPath, ['-e', replacing, driver, store.file]);
  onTestFinished(() => void child.kill());
  await once(child.stdout, 'data');
  expect(() => openForWriting(store.file, 'FULL')).toThrow('was replaced while it was being opened');
});

test('nobody else reads or writes the store while it is being restored', async () => {
  const store = await openSettled();
  await provision(store);
  const copy = `${store.file}.copy`;
  writeFileSync(copy, '');
  await backupStore(store.file, copy);
  await expect(openRestoration(store.file, copy, { auditChain, clock: machineClock() })).rejects.toThrow(
    'is in use',
  );
  await store.close();
  const restoration = await openRestoration(store.file, copy, { auditChain, clock: machineClock() });
  const foreign = openForeign(store.file);
  expect(() => foreign.prepare('SELECT count(*) FROM keys').get()).toThrow('locked');
  expect(isLocked(foreign)).toBe(true);
  await restoration.close();
  expect(isLocked(foreign)).toBe(false);
});
