import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sharedFolders } from '../../../src/config/folders.ts';
import { createCommands, createOrganization } from '../../cli/commands.ts';
import { runHere } from '../../cli/in-process.ts';
import { root, temporaryDir, writeConfig } from '../../support/fresh-start.ts';
import { startScript } from '../../support/program.ts';

const modeOf = (file: string): number => statSync(file).mode & 0o777;
const program = {
  command: process.execPath,
  args: [join(root, 'test/support/telling-program.ts'), '--token', 'kept-secret-4711'],
};
const behind = {
  builtinTools: false,
  downstreams: [{ prefix: 'p', mcp: program, scopes: { tell: 'agent:read' } }],
};

/** Under a service manager that sets no mask. */
const withoutMask = `process.umask(0); await import(${JSON.stringify(join(root, 'src/main.ts'))});`;

describe('files', () => {
  test('every file that a server makes is its owner’s alone, under every inherited mask', async () => {
    const { dir, file } = writeConfig({ demo: true, server: { port: 0 }, ...behind });
    const script = join(dir, 'start.mjs');
    writeFileSync(script, withoutMask);
    const server = startScript(script, ['serve'], { TENANTRY_CONFIG: file }, dir);
    await server.waitFor('stdout', /listening on/, 60_000);
    const made = readdirSync(join(dir, 'data')).sort();
    const store = ['tenantry.db', 'tenantry.db-shm', 'tenantry.db-wal', 'tenantry.db.ledger'];
    expect(made).toEqual(expect.arrayContaining(['downstreams.lock.json', 'platform.db', ...store]));
    expect(made.filter((name) => modeOf(join(dir, 'data', name)) !== 0o600)).toEqual([]);
    expect(modeOf(join(dir, 'data'))).toBe(0o700);
    server.kill('SIGTERM');
    await server.closed;
  });

  test('files that are there with a wider mode are narrowed when they are opened', async () => {
    const commands = createCommands(behind);
    await createOrganization(commands, 'Acme');
    expect((await commands.run(['serve'])).code).toBe(0);
    const data = join(commands.dir, 'data');
    const names = readdirSync(data);
    for (const name of names) chmodSync(join(data, name), 0o666);
    expect((await commands.run(['serve'])).code).toBe(0);
    expect(names.filter((name) => modeOf(join(data, name)) !== 0o600)).toEqual([]);
    await commands.run(['backup', '--out', 'copy.db']);
    chmodSync(join(data, 'tenantry.db'), 0o644);
    await commands.run(['restore', 'copy.db']);
    expect(readdirSync(data).filter((name) => modeOf(join(data, name)) !== 0o600)).toEqual([]);
    expect(modeOf(join(commands.dir, 'copy.db'))).toBe(0o600);
  });
});

describe('folders', () => {
  test.each(['777', '775', '757', '770', '703', '1777'])(
    'a dataDir of mode %s is refused, with what to type',
    async (octal) => {
      const mode = Number.parseInt(octal, 8);
      const { dir, file } = writeConfig({ server: { port: 0 } });
      const data = join(dir, 'data');
      mkdirSync(data);
      chmodSync(data, mode);
      for (const args of [
        ['orgs', 'list'],
        ['serve'],
        ['stdio'],
        ['restore', 'copy.db'],
        ['downstreams', 'approve', 'p'],
      ]) {
        const { code, stderr } = await runHere(args, { TENANTRY_CONFIG: file }, dir);
        expect([args, code]).toEqual([args, 78]);
        expect(stderr).toMatch(/^ {2}dataDir: expected a folder that no other user may write to/m);
        expect(stderr).toContain(mode === 0o1777 ? 'name a folder inside it' : `chmod 700 '${data}'`);
      }
      expect(readdirSync(data)).toEqual([]);
    },
  );

  test.each(['700', '755', '711', '750'])('a dataDir of mode %s is taken', async (octal) => {
    const mode = Number.parseInt(octal, 8);
    const { dir, file } = writeConfig({});
    mkdirSync(join(dir, 'data'));
    chmodSync(join(dir, 'data'), mode);
    expect(await runHere(['orgs', 'create', 'A'], { TENANTRY_CONFIG: file }, dir)).toMatchObject({ code: 0 });
    expect(modeOf(join(dir, 'data'))).toBe(mode);
  });

  test('it is named as it was said, and the folder of a store elsewhere counts too', async () => {
    const shared = join(temporaryDir(), 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const { dir, file } = writeConfig({});
    const env = { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR: shared };
    expect((await runHere(['orgs', 'list'], env, dir)).stderr).toContain('TENANTRY_DATA_DIR: expected');
    const elsewhere = { TENANTRY_CONFIG: file, TENANTRY_STORE_URL: `sqlite:${shared}/store.db` };
    expect((await runHere(['orgs', 'list'], elsewhere, dir)).stderr).toContain('store.url: expected');
  });

  test('a folder that others could replace is refused, made or not, and behind a link; in a sticky one it is taken', async () => {
    const shared = join(temporaryDir(), 'shared');
    mkdirSync(join(shared, 'far'), { recursive: true });
    chmodSync(shared, 0o777);
    const link = join(temporaryDir(), 'link');
    symlinkSync(join(shared, 'far'), link);
    const { dir, file } = writeConfig({});
    const createIn = (TENANTRY_DATA_DIR: string) =>
      runHere(['orgs', 'create', 'A'], { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR }, dir);
    for (const folder of [join(shared, 'far'), join(shared, 'far/new/own'), join(shared, 'own'), link]) {
      const { code, stderr } = await createIn(folder);
      expect([folder, code]).toEqual([folder, 78]);
      expect(stderr).toContain('TENANTRY_DATA_DIR: expected a folder that no other user may replace');
      expect(stderr).toContain(`chmod o-w '${shared}'`);
    }
    chmodSync(shared, 0o1777);
    expect(await createIn(join(shared, 'own'))).toMatchObject({ code: 0 });
    expect(modeOf(join(shared, 'own'))).toBe(0o700);
  });

  test('a folder of another user is refused; one of root, or without modes, is not', () => {
    const folder = temporaryDir();
    const folders = { dataDir: folder, storeFile: join(folder, 'tenantry.db') };
    const { uid } = statSync(folder);
    const isRoot = uid === 0;
    const [mistake] = sharedFolders(folders, {}, uid + 1);
    if (isRoot) expect(mistake).toBeUndefined();
    else expect(mistake).toContain(`run this as user ${uid}`);
    expect(sharedFolders(folders, {}, undefined)).toEqual([]);
    expect(sharedFolders(folders, {}, uid)).toEqual([]);
  });
});

describe('what was approved of programs', () => {
  const lockOf = (dir: string) => join(dir, 'data/downstreams.lock.json');

  test('it holds no argument of theirs, and no path of an address', async () => {
    const commands = createCommands(behind);
    expect((await commands.run(['serve'])).code).toBe(0);
    const kept = readFileSync(lockOf(commands.dir), 'utf8');
    expect(kept).not.toContain('kept-secret-4711');
    expect(Object.keys(JSON.parse(kept))).toEqual([
      expect.stringMatching(/^p \S+node\S* sha256:[0-9a-f]{64}$/),
    ]);
  });

  test('what an earlier version wrote is read, and rewritten at the next start; nothing has to be approved again', async () => {
    const commands = createCommands(behind);
    expect((await commands.run(['serve'])).code).toBe(0);
    const file = lockOf(commands.dir);
    const [[name = '', tools] = []] = Object.entries<object>(JSON.parse(readFileSync(file, 'utf8')));
    const changed = { tell: '0'.repeat(64) };
    const place = [program.command, ...program.args].join(' ');
    for (const [before, held] of [
      [tools, []],
      [changed, ['tell']],
    ] as const) {
      const old = { [`p ${place}`]: before, 'gone https://mcp.example.com/s/kept-secret-4712': {} };
      writeFileSync(file, JSON.stringify(old), { mode: 0o644 });
      const { code, stdout } = await commands.run(['downstreams', 'approve', 'p', '--json']);
      expect([code, JSON.parse(stdout).changed.map((tool: { name: string }) => tool.name)]).toEqual([
        0,
        held,
      ]);
      // It only looks; the next start brings the file into its form.
      expect(readFileSync(file, 'utf8')).toBe(JSON.stringify(old));
      expect((await commands.run(['serve'])).code).toBe(0);
      const kept = readFileSync(file, 'utf8');
      expect(kept).not.toMatch(/kept-secret/);
      expect(JSON.parse(kept)[name]).toEqual(before);
      expect(Object.keys(JSON.parse(kept))[1]).toMatch(/^gone https:\/\/mcp\.example\.com sha256:/);
      expect(modeOf(file)).toBe(0o600);
    }
  });
});
