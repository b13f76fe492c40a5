import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { requestJson } from '../support/http.ts';
import { type Commands, createCommands, createOrganization } from './commands.ts';

/** From here to the end of the test no file can be synced to the disk below us. */
async function fillDisk(): Promise<void> {
  const handle = await open('/dev/null');
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const spy = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockImplementation(async function (
    this: FileHandle,
  ) {
    if ((await this.stat()).isFile()) throw full;
  });
  onTestFinished(() => spy.mockRestore());
  await handle.close();
}

const canonical = ['research_group:read', 'study:read', 'agent:read', 'job:read', 'agent:search'];

type Key = { readonly id: string; readonly is_default: boolean; readonly status: string };

const keysOf = async (commands: Commands, id: string): Promise<readonly Key[]> =>
  (await commands.json(['keys', 'list', '--org', id])).keys;

/** An organisation whose default key was revoked. */
async function createBereft(commands: Commands, name: string): Promise<string> {
  const { id } = await createOrganization(commands, name);
  for (const key of await keysOf(commands, id)) await commands.json(['keys', 'revoke', key.id, '--org', id]);
  return id;
}

const readLines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test('every active organisation without a live default key gets one, and its plaintext is in the file alone', async () => {
  const commands = createCommands();
  const bereft = await createBereft(commands, 'Acme');
  const stale = (await createOrganization(commands, 'Bolt')).id;
  const [old] = await keysOf(commands, stale);
  commands.tamper(`UPDATE keys SET created_at = 1 WHERE id = '${old?.id}'`);
  const well = (await createOrganization(commands, 'Well')).id;
  const suspended = await createBereft(commands, 'Suspended');
  const deleted = await createBereft(commands, 'Deleted');
  await commands.json(['orgs', 'suspend', suspended]);
  await commands.json(['orgs', 'delete', deleted]);
  const before = { well: await keysOf(commands, well), suspended: await keysOf(commands, suspended) };

  const plan = await commands.run(['keys', 'reconcile', '--dry-run']);
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain(bereft);
  expect(plan.stdout).toContain(stale);
  expect(await commands.json(['keys', 'reconcile', '--dry-run', '--out', 'dry.ndjson'])).toEqual({
    minted: [],
    would_mint: [bereft, stale].sort(),
    file: null,
  });
  expect(existsSync(join(commands.dir, 'dry.ndjson'))).toBe(false);
  expect((await keysOf(commands, bereft)).filter(({ is_default }) => is_default)).toEqual([]);

  const { code, stdout } = await commands.run(['keys', 'reconcile', '--out', 'keys.ndjson']);
  const file = join(commands.dir, 'keys.ndjson');
  expect(code).toBe(0);
  expect(stdout).toContain(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const lines = readLines(file);
  expect(lines.map(({ organization_id }) => organization_id).sort()).toEqual([bereft, stale].sort());
  const server = await commands.startServer();
  for (const { organization_id, key_id, prefix, auth_token, ...more } of lines) {
    expect(more).toEqual({});
    expect(auth_token.startsWith(`${prefix}_`)).toBe(true);
    expect(stdout).not.toContain(auth_token);
    const { body } = await requestJson(`${server.url}/v1/whoami`, { key: auth_token });
    expect(body).toMatchObject({ organization: { organization_id }, key: { key_id }, scopes: canonical });
    const [newest] = await keysOf(commands, organization_id);
    const made = { is_default: true, scope_source: 'canonical', created_by: 'cli', expires_at: null };
    expect(newest).toMatchObject({ id: key_id, ...made });
  }
  const demoted = (await keysOf(commands, stale)).find(({ id }) => id === old?.id);
  expect(demoted).toMatchObject({ is_default: false, status: 'stale' });
  expect(await keysOf(commands, well)).toEqual(before.well);
  expect(await keysOf(commands, suspended)).toEqual(before.suspended);
  const { events } = await commands.json(['audit', 'list', '--org', bereft]);
  expect(events.find(({ target }: { target: string }) => target === 'keys reconcile')).toMatchObject({
    tier: 'cli',
    change: { minted: lines.find(({ organization_id }) => organization_id === bereft).key_id },
  });
});

test('where nothing is missing, nothing is done and no file is made', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  expect(await commands.run(['keys', 'reconcile', '--out', 'keys.ndjson'])).toEqual({
    code: 0,
    stdout: 'Every active organisation has a live default key.\nNo file was made.\n',
    stderr: '',
  });
  expect(existsSync(join(commands.dir, 'keys.ndjson'))).toBe(false);
  expect(await keysOf(commands, id)).toHaveLength(1);
});

test('two at once make one default key each organisation, and no other key', async () => {
  const commands = createCommands();
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push(await createBereft(commands, `Org ${count}`));
  const runs = await Promise.all(
    ['a', 'b', 'c'].map((name) => commands.run(['keys', 'reconcile', '--out', `${name}.ndjson`])),
  );
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([0, 0, 0].map((code) => [code, '']));
  for (const id of ids) {
    const live = (await keysOf(commands, id)).filter(({ status }) => status === 'active');
    expect(live.map(({ is_default }) => is_default)).toEqual([true]);
  }
  const written = ['a', 'b', 'c'].map((name) => join(commands.dir, `${name}.ndjson`)).filter(existsSync);
  expect(written.flatMap(readLines)).toHaveLength(ids.length);
});

test('a file that is there, or a folder that is not, stops it before anything is made', async () => {
  const commands = createCommands();
  const id = await createBereft(commands, 'Acme');
  const there = join(commands.dir, 'there.ndjson');
  writeFileSync(there, 'mine\n');
  for (const out of [there, join(commands.dir, 'nowhere', 'keys.ndjson')]) {
    const refused = await commands.run(['keys', 'reconcile', '--out', out]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nothing was done'),
    });
  }
  expect(readFileSync(there, 'utf8')).toBe('mine\n');
  expect((await keysOf(commands, id)).filter(({ status }) => status !== 'revoked')).toEqual([]);
  const without = await commands.run(['keys', 'reconcile']);
  expect(without).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--out') });
});

test('a key whose plaintext could not be written ends at once, and no other is made', async () => {
  const commands = createCommands();
  const ids = [await createBereft(commands, 'Acme'), await createBereft(commands, 'Bolt')];
  await fillDisk();
  const failed = await commands.run(['keys', 'reconcile', '--out', 'keys.ndjson']);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOSPC') });
  const keys = (await Promise.all(ids.map((id) => keysOf(commands, id)))).flat();
  expect(keys).toHaveLength(3);
  expect(keys.filter(({ status }) => status !== 'revoked')).toEqual([]);
});

test('an organisation that is full is named, and the others get theirs', async () => {
  const commands = createCommands({ keys: { maxPerOrganization: 1 } });
  const full = await createBereft(commands, 'Full');
  await commands.json(['keys', 'mint', '--org', full, '--name', 'x', '--scopes', '']);
  const other = await createBereft(commands, 'Other');
  const { code, stderr } = await commands.run(['keys', 'reconcile', '--out', 'keys.ndjson']);
  expect(code).toBe(1);
  expect(stderr).toContain(`Full (${full}): KEY_LIMIT_REACHED`);
  expect(readLines(join(commands.dir, 'keys.ndjson')).map((line) => line.organization_id)).toEqual([other]);
});
