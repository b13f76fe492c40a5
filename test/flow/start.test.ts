import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callTool, requestJson } from '../support/http.ts';
import { startProgram, startServer } from '../support/program.ts';
import { clientKinds } from '../support/real-clients.ts';
import { collect, openCall } from '../support/streams.ts';

const root = join(import.meta.dirname, '../..');

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tenantry-start-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A configuration of its own in a folder of its own. */
function writeConfig(config: unknown): { dir: string; file: string } {
  const dir = temporaryDir();
  const file = join(dir, 'mcp.config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return { dir, file };
}

/** What a person copies from the terminal at the first start. */
function readDemo(text: string) {
  const all = (label: string) => [...text.matchAll(new RegExp(`^ *${label} +(\\S+)$`, 'gm'))].map(([, value = '']) => value);
  const snippet = /^\{$[\s\S]*?^\}$/m.exec(text)?.[0] ?? '';
  return { ids: all('organisation'), defaultKeys: all('default key'), managerKeys: all('manager key'), snippet };
}

const anyKey = /tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}/g;

describe('the shipped configuration on an empty store', () => {
  test('says once where it listens and whom it serves, and a client can use what it printed', async () => {
    const env = { TENANTRY_DATA_DIR: temporaryDir() };
    const first = await startServer(env, root);
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const demo = readDemo(first.seen.stderr);
    expect([demo.ids, demo.defaultKeys, demo.managerKeys].map((found) => new Set(found).size)).toEqual([2, 2, 2]);
    expect(first.seen.stderr).toMatch(/Acme Research[\s\S]+Bolt Labs/);

    const { tenantry } = JSON.parse(demo.snippet).mcpServers;
    expect(tenantry.type).toBe('http');
    for (const { connect } of clientKinds) {
      const peer = await connect({ url: tenantry.url, headers: tenantry.headers });
      const { structuredContent } = await peer.callTool('whoami');
      expect(structuredContent.organization).toEqual({ organization_id: demo.ids[0], name: 'Acme Research' });
      expect((await peer.callTool('search_agents', { query: 'nurse' })).structuredContent.agents.length).toBeGreaterThan(0);
    }
    const canonical = ['research_group:read', 'study:read', 'agent:read', 'job:read', 'agent:search'];
    const management = ['key:read', 'key:write', 'member:read', 'member:write', 'audit:read'];
    for (const [index, key] of [...demo.defaultKeys, ...demo.managerKeys].entries()) {
      const { body } = await requestJson(`${first.url}/v1/whoami`, { key });
      expect(body.organization.organization_id).toBe(demo.ids[index % 2]);
      const expected = index < 2 ? canonical : [...canonical, ...management];
      expect([...body.scopes].sort()).toEqual(expected.sort());
    }

    first.kill('SIGTERM');
    expect(await first.closed).toMatchObject({ code: 0, stdout: `tenantry listening on ${first.url}\n` });
    const second = await startServer(env, root);
    expect(await requestJson(`${second.url}/v1/whoami`, { key: demo.defaultKeys[1] })).toMatchObject({ status: 200 });
    second.kill('SIGINT');
    const { code, stdout, stderr } = await second.closed;
    expect([code, stdout]).toEqual([0, `tenantry listening on ${second.url}\n`]);
    expect(readDemo(stderr)).toEqual({ ids: [], defaultKeys: [], managerKeys: [], snippet: '' });
  });

  test('no file of the store, no log line and no second line of the terminal holds a key', async () => {
    const dataDir = temporaryDir();
    const server = await startServer({ TENANTRY_DATA_DIR: dataDir, LOG_LEVEL: 'trace' }, root);
    const { defaultKeys, managerKeys } = readDemo(server.seen.stderr);
    const [key = ''] = managerKeys;
    const minted = await callTool(server.url, key, 'mint_key', { scope_type: 'global', name: 'x' });
    const keys = [...defaultKeys, ...managerKeys, minted.body.result.structuredContent.auth_token as string];
    for (const name of keys) {
      await callTool(server.url, name, name, { query: name }, { 'user-agent': name, 'x-on-behalf-of': name });
      await requestJson(`${server.url}/v1/agents/search?query=${name}`, { key: name });
      await requestJson(`${server.url}/v1/agents/${name}?key=${name}`, { headers: { cookie: `key=${name}` } });
      await requestJson(`${server.url}/mcp`, { key: name, body: `{"${name}` });
    }
    const files = readdirSync(dataDir);
    expect(files).toEqual(expect.arrayContaining(['tenantry.db', 'tenantry.db-wal', 'platform.db']));
    const scan = () => readdirSync(dataDir).map((file) => readFileSync(join(dataDir, file), 'latin1')).join('\n');
    const whileRunning = scan();
    server.kill('SIGTERM');
    const { code, stderr } = await server.closed;
    expect(code).toBe(0);
    for (const plaintext of keys) {
      const [, , secret = ''] = plaintext.split('_');
      expect(secret).toHaveLength(49);
      expect(`${whileRunning}\n${scan()}`.includes(secret)).toBe(false);
    }
    // The demo's four keys, and one of them again in the snippet.
    expect(stderr.match(anyKey)).toEqual([...defaultKeys.flatMap((shown, index) => [shown, managerKeys[index]]), defaultKeys[0]]);
  });

  test('demo keys are not printed for a host that others can reach: exit 78', async () => {
    const dataDir = temporaryDir();
    const program = startProgram(['serve'], { TENANTRY_DATA_DIR: dataDir, HOST: '0.0.0.0', PORT: '0' }, root);
    const { code, stdout, stderr } = await program.closed;
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toMatch(/^ *demo: expected false/m);
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe('the configuration', () => {
  test('every mistake is reported at once, each with its path and what was expected: exit 78', async () => {
    const { dir, file } = writeConfig({
      demo: true,
      surprise: 1,
      dataDir: '',
      server: { host: '0.0.0.0', allowedOrigins: ['*'], organizationHeader: 'X Y' },
      scopes: { canonical: ['no:such'] },
      keys: { brand: 'T1' },
      limits: { toolTimeoutSeconds: 0 },
    });
    const env = { TENANTRY_CONFIG: file, PORT: 'eighty', LOG_LEVEL: 'loud', TENANTRY_STORE_URL: 'mysql:x' };
    const { code, stdout, stderr } = await startProgram(['serve'], env).closed;
    expect([code, stdout]).toEqual([78, '']);
    const mistakes = [...stderr.matchAll(/^ +([^:]+): (\S.*)$/gm)].map(([, path]) => path);
    expect([...new Set(mistakes)].sort()).toEqual([
      '(the file)',
      'dataDir',
      'demo',
      'keys.brand',
      'limits.toolTimeoutSeconds',
      'logLevel',
      'scopes.canonical.0',
      'server.allowedHosts',
      'server.allowedOrigins.0',
      'server.organizationHeader',
      'server.port',
      'store.url',
    ]);
    expect(stderr).toContain('surprise');
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    expect(readdirSync(dir)).toEqual(['mcp.config.json']);
  });

  test('one that is not there, is no JSON, or has no place for a tool\'s scope is exit 78 too', async () => {
    const files = [
      [join(temporaryDir(), 'none.json'), /none\.json: expected a readable file/],
      [writeConfig('{"demo": tru').file, /mcp\.config\.json: expected JSON/],
      [writeConfig('[]').file, /\(the file\): /],
      [writeConfig({ scopes: { catalogue: ['agent:read'], canonical: [] } }).file, /search_agents.*agent:search/],
    ] as const;
    await Promise.all(
      files.map(async ([file, message]) => {
        const program = startProgram(['serve'], { TENANTRY_CONFIG: file, PORT: '0' });
        const ended = await Promise.race([program.closed, program.waitFor('stdout', /listening/)]);
        expect(ended).toMatchObject({ code: 78, stdout: '' });
        expect(program.seen.stderr).toMatch(message);
      }),
    );
  });

  test('the environment wins over the file, whose paths are relative to it', async () => {
    const inFile = { dataDir: './of-file', logLevel: 'silent', server: { port: 1, host: '127.0.0.1' } };
    const { dir, file } = writeConfig(inFile);
    const ofEnvironment = temporaryDir();
    const [overridden, relative] = await Promise.all([
      startServer({
        TENANTRY_CONFIG: file,
        TENANTRY_DATA_DIR: ofEnvironment,
        TENANTRY_STORE_URL: 'sqlite:other.db',
        HOST: 'localhost',
      }),
      startServer({ TENANTRY_CONFIG: file }),
    ]);
    expect(new URL(overridden.url).hostname).toBe('localhost');
    expect(existsSync(join(ofEnvironment, 'other.db'))).toBe(true);
    expect(relative.url).not.toBe('http://127.0.0.1:1');
    expect(existsSync(join(dir, 'of-file', 'tenantry.db'))).toBe(true);
  });
});

test('SIGTERM under load: what was accepted is answered, and the exit code is 0', async () => {
  const dataDir = temporaryDir();
  const server = await startServer({ TENANTRY_DATA_DIR: dataDir }, root);
  const { managerKeys, defaultKeys } = readDemo(server.seen.stderr);
  const answered = new Set<string>();
  const load = async (key = '') => {
    try {
      while (true) {
        const { status, headers } = await callTool(server.url, key, 'search_agents', { limit: 1 });
        expect([200, 503]).toContain(status);
        answered.add(headers.get('x-request-id') ?? '');
      }
    } catch (error) {
      // The socket is gone; whether the server had accepted the request, its audit tells.
      expect(error).toBeInstanceOf(TypeError);
    }
  };
  const workers = Array.from({ length: 8 }, (_, index) => load(defaultKeys[index % 2]));
  const author = await studyAuthor(server.url, managerKeys[0]);
  const study = await openCall(server.url, author.key, '2026', author.call);
  await study.messages.next();
  const stoppedAt = performance.now();
  server.kill('SIGTERM');
  const shown = await collect(study.messages);
  const { code, signal } = await server.closed;
  await Promise.all(workers);
  expect([code, signal]).toEqual([0, null]);
  expect(performance.now() - stoppedAt).toBeLessThan(5000);
  expect(shown.at(-1)).toMatchObject({ id: 1, result: { structuredContent: { job: { status: 'completed' } } } });

  using store = new Database(join(dataDir, 'tenantry.db'));
  const accepted = store
    .prepare("SELECT request_id FROM audit WHERE kind = 'call' AND tool = 'search_agents' AND status = 200")
    .pluck()
    .all();
  expect(accepted.length).toBeGreaterThan(50);
  expect(accepted.filter((id) => !answered.has(String(id)))).toEqual([]);
});

test('two processes that start together on one empty folder both serve', async () => {
  const { dir, file } = writeConfig({ demo: false });
  const env = { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR: join(dir, 'data') };
  const servers = await Promise.all([startServer(env), startServer(env)]);
  const created = await startProgram(['orgs', 'create', 'Acme Research', '--json'], env).closed;
  expect(created.code).toBe(0);
  const key = created.stdout.match(anyKey)?.[0];
  for (const { url, seen } of servers) {
    expect(await callTool(url, key, 'whoami')).toMatchObject({
      status: 200,
      body: { result: { structuredContent: { organization: { name: 'Acme Research' } } } },
    });
    expect(seen.stderr).not.toMatch(anyKey);
  }
});

test('a command line that is wrong is exit 2, and help is not', async () => {
  const run = (...args: string[]) => startProgram(args, {}).closed;
  const wrong = [['no-such-command'], ['serve', '--no-such-option'], ['--no-such-option'], ['orgs', 'create']];
  for (const { code, stdout, stderr } of await Promise.all(wrong.map((args) => run(...args)))) {
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: /);
  }
  expect(await run('--help')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('serve') });
});

/** A key that may write studies, and the call that creates one and hears how far it is. */
async function studyAuthor(url: string, managerKey: string | undefined) {
  const group = await callTool(url, managerKey, 'list_research_groups', { limit: 1 });
  const { research_group_id } = group.body.result.structuredContent.research_groups[0];
  const study = { name: 'Study', objective: 'To learn.', research_group_id, questions: ['Why?'] };
  return { key: managerKey ?? '', call: { name: 'create_study', arguments: study, progressToken: 'p' } };
}
