import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';

const storeOf = ({ dir }: Commands): string => join(dir, 'data', 'tenantry.db');
const bytesOf = (file: string): string => readFileSync(file).toString('base64');

async function headOf(commands: Commands): Promise<string> {
  return (await commands.json(['audit', 'verify'])).head;
}

/** What somebody does to a backup who holds it. */
function alter(file: string, statement: string): void {
  const database = new Database(file);
  database.exec(statement);
  database.close();
}

test('a backup of a running store is one whole file for its owner alone, and is told in full', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.startServerApart();
  const head = await headOf(commands);
  const { code, stdout, stderr } = await commands.runApart(['backup', '--out', 'copy.db']);
  const file = join(commands.dir, 'copy.db');
  expect([code, stderr]).toEqual([0, '']);
  expect(linesOf(stdout).slice(0, 3)).toEqual([
    `Copied the store to ${file}.`,
    `Chain head: ${head}`,
    'Keys: 1',
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(commands.dir).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
  const copy = new Database(file, { readonly: true });
  expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
  expect(copy.prepare("SELECT max(seq) || ':' || hash FROM audit").pluck().get()).toBe(head);
  copy.close();
  const told = await commands.json(['backup', '--out', 'again.db']);
  expect(told).toEqual({ file: join(commands.dir, 'again.db'), head: await before(commands), keys: 1 });
  const [row] = (await commands.json(['audit', 'list'])).events;
  expect(row).toMatchObject({ tier: 'cli', target: 'backup', change: told });
});

/** The head that the newest row follows. */
async function before(commands: Commands): Promise<string> {
  const [, row] = (await commands.json(['audit', 'list', '--limit', '2'])).events;
  return `${row.seq}:${row.hash}`;
}

test.for([
  ['taken.db', 'exists already'],
  ['nowhere/copy.db', 'the folder does not exist'],
] as const)('a backup to %s is refused: %s', async ([out, sentence]) => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  writeFileSync(join(commands.dir, 'taken.db'), 'mine');
  const ended = await commands.run(['backup', '--out', out]);
  expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(sentence) });
  expect(readFileSync(join(commands.dir, 'taken.db'), 'utf8')).toBe('mine');
});

test('a restore says what it did, keeps the store replaced, and is in the audit', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  const { head } = await commands.json(['backup', '--out', 'copy.db']);
  await createOrganization(commands, 'Bolt');
  const headBefore = await headOf(commands);
  const { code, stdout, stderr } = await commands.runApart(['restore', 'copy.db']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`with 1 keys; the audit goes on from ${head}.`);
  expect(stdout).toContain('Keys revoked again: 0. Keys held: 0.');
  expect(stdout).toContain(
    `Its 2 audit rows since the backup stand there alone; its head was ${headBefore}.`,
  );
  expect((await commands.json(['orgs', 'list'])).organizations).toMatchObject([{ name: 'Acme' }]);
  expect(await commands.json(['audit', 'verify', '--head', head])).toMatchObject({ ok: true });
  const [row] = (await commands.json(['audit', 'list'])).events;
  expect(row).toMatchObject({ tier: 'cli', target: 'restore', status: 200 });
  expect(row.change).toMatchObject({ head_before: headBefore, head_after: head, ledger: 'whole', held: 0 });

  const kept = readdirSync(join(commands.dir, 'data')).filter((name) => name.includes('.replaced-'));
  expect(kept).toHaveLength(1);
  const back = await commands.json(['restore', join('data', kept[0] ?? '')]);
  expect(back).toMatchObject({ head_after: headBefore, keys: 2, ledger: 'whole', revoked: 0, held: 0 });
  expect((await commands.json(['orgs', 'list'])).organizations).toHaveLength(2);
  expect(statSync(storeOf(commands)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(commands.dir, 'data')).filter((name) => name.includes('restoring'))).toEqual([]);
});

test.for([
  ['', 'SELECT 1'],
  [' of a store from before there were ledgers', "DELETE FROM secrets WHERE name = 'ledger'"],
] as const)('a restore%s into an empty folder holds every key', async ([, statement]) => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  alter(join(commands.dir, 'copy.db'), statement);
  const elsewhere = createCommands();
  const told = await elsewhere.json(['restore', join(commands.dir, 'copy.db')]);
  expect(told).toMatchObject({ ledger: 'missing', held: 1, kept_file: null, head_before: null });
  const { stdout } = await elsewhere.run(['keys', 'list', '--org', id]);
  expect(stdout).toMatch(/ held /);
});

test('a restore onto another store holds every key, with any coverage of its ledger', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  const elsewhere = createCommands();
  await createOrganization(elsewhere, 'Bolt');
  const { stdout } = await elsewhere.run(['restore', join(commands.dir, 'copy.db')]);
  expect(stdout).toContain('The ledger does not cover the time since the backup, so every key is held.');
  expect(stdout).toContain('the backup is not of its past');
});

test('while a server runs on the store, idle or not, nothing is restored', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  const server = await commands.startServerApart();
  const refused = await commands.run(['restore', 'copy.db']);
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is in use') });
  server.kill('SIGTERM');
  await server.closed;
  expect(await commands.run(['restore', 'copy.db'])).toMatchObject({ code: 0 });
});

test.for([
  ['is no store', (file: string) => writeFileSync(file, 'some text, long enough to be read as a header')],
  ['is no store', (file: string) => writeFileSync(file, '')],
  ['is no store', (file: string) => copyFileSync(join(file, '..', 'data', 'platform.db'), file)],
  ['newer version', (file: string) => alter(file, newer)],
  ['is broken at row 1', (file: string) => alter(file, "UPDATE audit SET target = 'x' WHERE seq = 1")],
  ['holds what no store does', (file: string) => alter(file, trigger)],
  ['refer to nothing', (file: string) => alter(file, 'PRAGMA foreign_keys = OFF; DELETE FROM organizations')],
  ['is not whole', (file: string) => writeFileSync(`${file}-wal`, 'a log')],
] as const)('a backup that %s is refused, and the store stays as it is', async ([sentence, spoil]) => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  spoil(join(commands.dir, 'copy.db'));
  const stood = [bytesOf(storeOf(commands)), bytesOf(`${storeOf(commands)}.ledger`)];
  const refused = await commands.run(['restore', 'copy.db']);
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(sentence) });
  expect(refused.stderr).toMatch(/^Nothing was restored: /);
  expect((await commands.json(['orgs', 'list'])).organizations).toMatchObject([{ name: 'Acme' }]);
  expect(bytesOf(`${storeOf(commands)}.ledger`)).toBe(stood[1]);
  expect(readdirSync(join(commands.dir, 'data')).filter((name) => /restoring|replaced/.test(name))).toEqual(
    [],
  );
});

const newer = "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)";
const trigger = 'CREATE TRIGGER revive AFTER UPDATE ON keys BEGIN UPDATE keys SET revoked_at = NULL; END';

test('a trigger of a backup that bears the name of one of ours is not run, and gone afterwards', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  const body = "UPDATE keys SET name = 'planted'";
  const planted = `DROP TRIGGER revision_with_key; CREATE TRIGGER revision_with_key AFTER INSERT ON audit BEGIN ${body}; END`;
  alter(join(commands.dir, 'copy.db'), planted);
  expect(await commands.run(['restore', 'copy.db'])).toMatchObject({ code: 0 });
  const { keys } = await commands.json(['keys', 'list', '--org', id]);
  expect(keys.map(({ name }: { name: string }) => name)).not.toContain('planted');
  const store = new Database(storeOf(commands));
  const sql = store.prepare("SELECT sql FROM sqlite_schema WHERE name = 'revision_with_key'").pluck().get();
  store.close();
  expect(sql).toContain('AFTER INSERT ON keys');
});

test('a store in place that cannot be read is not replaced: nobody can tell who uses it', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  const damaged = 'damaged beyond recognition, and longer than a header is';
  writeFileSync(storeOf(commands), damaged);
  const refused = await commands.run(['restore', 'copy.db']);
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('move it away') });
  expect(readFileSync(storeOf(commands), 'utf8')).toBe(damaged);
  rmSync(storeOf(commands));
  expect(await commands.json(['restore', 'copy.db'])).toMatchObject({ ledger: 'whole', held: 0 });
});

test('a file that is not there, and the store itself, cannot be restored', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  const nowhere = await commands.run(['restore', 'copy.db']);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no file') });
  const itself = await commands.run(['restore', storeOf(commands)]);
  expect(itself).toMatchObject({ code: 1, stderr: expect.stringContaining('is the store itself') });
  expect(existsSync(`${storeOf(commands)}.restoring`)).toBe(false);
});

test('the log of a store that is gone is not played into the one that comes', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  await commands.json(['backup', '--out', 'copy.db']);
  const file = storeOf(commands);
  const database = new Database(file);
  database.exec("UPDATE organizations SET name = 'Ghost'");
  copyFileSync(`${file}-wal`, join(commands.dir, 'log'));
  database.close();
  rmSync(file);
  copyFileSync(join(commands.dir, 'log'), `${file}-wal`);
  expect(await commands.json(['restore', 'copy.db'])).toMatchObject({ ledger: 'whole', kept_file: null });
  expect((await commands.json(['orgs', 'list'])).organizations).toMatchObject([{ name: 'Acme' }]);
});
