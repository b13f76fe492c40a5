import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closeConnections, openConnections } from '../../db/sqlite/connection/connections.ts';
import { migrateStore } from '../../db/sqlite/connection/migrate.ts';
import { requireSqlite, requireSynchronous, switchToWal } from '../../db/sqlite/connection/open-database.ts';
import { AppError } from '../../src/errors.ts';
import { machineClock } from '../support/clocks.ts';
import { auditRow, provision } from './contract/fixtures.ts';
import { runTogether } from './run-together.ts';
import { isLocked, openForeign, openSettled, openTemporary, temporaryFile } from './temporary-store.ts';

const migrations = join(import.meta.dirname, '../../db/sqlite/migrations');

test("the folder and the files of a store are their owner's alone", async () => {
  const file = join(temporaryFile(), '..', 'made', 'store.db');
  await openSettled(file);
  expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
});

test.each([
  ['process', 1],
  ['power', 2],
] as const)('with durability %s mutations are synced, and rows of calls at level %i', (durability, level) => {
  const connections = openConnections(temporaryFile(), { durability, clock: machineClock() }, (control) => {
    migrateStore(control, migrations);
    control.prepare("INSERT INTO secrets VALUES ('cursor', x'00', 0)").run();
  });
  onTestFinished(() => closeConnections(connections));
  const write = "UPDATE secrets SET value = x'01'";
  connections.control.prepare(write).run();
  connections.audit.prepare(write).run();
  expect(connections.control.pragma('synchronous', { simple: true })).toBe(2);
  expect(connections.audit.pragma('synchronous', { simple: true })).toBe(level);
  for (const connection of Object.values(connections)) {
    expect(connection.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(connection.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(connection.pragma('trusted_schema', { simple: true })).toBe(0);
    expect(connection.pragma('mmap_size', { simple: true }) ?? 0).toBe(0);
    // SQLite's own wait would stop the event loop.
    expect(connection.pragma('busy_timeout', { simple: true })).toBe(0);
  }
  expect(connections.auth.readonly).toBe(true);
});

test('a connection that was not told to sync is found out after its first write', () => {
  const database = openForeign(temporaryFile());
  database.pragma('journal_mode = WAL');
  // The level it reports now is a lie, which is why the question comes after a write.
  requireSynchronous(database, 'FULL');
  database.exec('CREATE TABLE something (field)');
  expect(() => requireSynchronous(database, 'FULL')).toThrow('not as durable as promised');
});

test.each(['3.51.2', '3.50.9', '2.99.99', '3.7'])('SQLite %s is refused', (version) => {
  expect(() => requireSqlite(version)).toThrow('too old');
});

test.each(['3.51.3', '3.52.0', '4.0.0'])('SQLite %s is accepted', (version) => {
  expect(() => requireSqlite(version)).not.toThrow();
});

test('processes that start together on nothing migrate it once, and share one secret', async () => {
  const file = temporaryFile();
  const files = Array.from({ length: 12 }, (_, place) => `${file}.${place}`);
  const task = { do: 'open', file, files } as const;
  const [one, ...others] = await runTogether([task, task, task, task]);
  expect(new Set(one as string[]).size).toBe(files.length);
  for (const other of others) expect(other).toEqual(one);
  for (const each of files) {
    const database = openForeign(each);
    const migrated = database.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get();
    expect(migrated).toBe(journalOf(migrations).entries.length);
    expect(database.prepare('SELECT count(*) FROM canonical_sets').pluck().get()).toBe(1);
  }
  expect(openTemporary(`${file}.0`).cursorSecret.toString('hex')).toBe((one as string[])[0]);
});

test('the switch to WAL is tried again where another process is in its way', async () => {
  // It has no patience of its own, as SQLite has none where two switch at once.
  const database = openForeign(temporaryFile());
  const held = runTogether([{ do: 'hold', file: database.name, holdMs: 700 }]);
  while (!isLocked(database)) await new Promise((next) => setTimeout(next, 10));
  switchToWal(database);
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(await held).toEqual(['held']);
});

test('a store of a newer version is refused and left alone', async () => {
  const file = temporaryFile();
  const folder = mkdtempSync(join(tmpdir(), 'newer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(migrations, folder, { recursive: true });
  const journal = journalOf(folder);
  journal.entries.push({ idx: 99, version: '6', when: Date.now() * 2, tag: '0099_newer', breakpoints: true });
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify(journal));
  writeFileSync(join(folder, '0099_newer.sql'), 'CREATE TABLE `newer` (`field` text);');
  const newer = openForeign(file);
  migrateStore(newer, folder);
  expect(() => openTemporary(file)).toThrow('written by a newer version');
  expect(newer.prepare('SELECT count(*) FROM organizations').pluck().get()).toBe(0);
  expect(newer.prepare('SELECT count(*) FROM secrets').pluck().get()).toBe(0);
});

test('a store that cannot be read says so, and so does one that is closed', async () => {
  const store = await openSettled();
  await store.ping();
  openForeign(store.file).exec('DROP TABLE secrets');
  await expect(store.ping()).rejects.toThrow(AppError);
  await store.close();
  await store.close();
  await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(store.organizations.list({ limit: 100 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(store.audit.append(auditRow(null))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('closing commits the rows that wait and leaves one file', async () => {
  const store = await openSettled();
  const { organization } = await provision(store);
  const appended = store.audit.append(auditRow(organization.id, { tool: 'last_words' }));
  await store.close();
  await appended;
  expect(statSync(store.file).size).toBeGreaterThan(0);
  expect(() => statSync(`${store.file}-wal`)).toThrow('ENOENT');
  const again = openTemporary(store.file);
  expect(await again.audit.list(organization.id, { tool: 'last_words' }, { limit: 10 })).toHaveLength(1);
});

function journalOf(folder: string): { entries: object[] } {
  return JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
}
