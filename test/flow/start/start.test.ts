import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readDemo, root, temporaryDir, writeConfig } from '../../support/fresh-start.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startProgram, startServer } from '../../support/program.ts';
import { bearer, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { clientKinds } from '../../support/real-clients.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { collect, openCall } from '../../support/streams.ts';

const anyKey = /tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}/g;

describe('the shipped configuration on an empty store', () => {
  test('says once where it listens and whom it serves, and a client can use what it printed', async () => {
    const env = { TENANTRY_DATA_DIR: temporaryDir() };
    const first = await startServer(env, root);
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const demo = readDemo(first.seen.stderr);
    expect([demo.ids, demo.defaultKeys, demo.managerKeys].map((found) => new Set(found).size)).toEqual([
      2, 2, 2,
    ]);
    expect(first.seen.stderr).toMatch(/Acme Research[\s\S]+Bolt Labs/);

    const { tenantry } = JSON.parse(demo.snippet).mcpServers;
    expect(tenantry.type).toBe('http');
    for (const { connect } of clientKinds) {
      const peer = await connect({ url: tenantry.url, headers: tenantry.headers });
      const { structuredContent } = await peer.callTool('whoami');
      expect(structuredContent.organization).toEqual({ organization_id: demo.ids[0], name: 'Acme Research' });
      expect(
        (await peer.callTool('search_agents', { query: 'nurse' })).structuredContent.agents.length,
      ).toBeGreaterThan(0);
    }
    const canonical = ['research_group:read', 'study:read', 'agent:read', 'job:read', 'agent:search'];
    const management = ['key:read', 'key:write', 'member:read', 'member:write', 'audit:read'];
    const writes = ['research_group:write', 'study:write'];
    for (const [index, key] of [...demo.defaultKeys, ...demo.managerKeys].entries()) {
      const { body } = await requestJson(`${first.url}/v1/whoami`, { key });
      expect(body.organization.organization_id).toBe(demo.ids[index % 2]);
      const expected = index < 2 ? canonical : [...canonical, ...management, ...writes];
      expect([...body.scopes].sort()).toEqual(expected.sort());
    }

    first.kill('SIGTERM');
    expect(await first.closed).toMatchObject({ code: 0, stdout: `tenantry listening on ${first.url}\n` });
    const second = await startServer(env, root);
    expect(await requestJson(`${second.url}/v1/whoami`, { key: demo.defaultKeys[1] })).toMatchObject({
      status: 200,
    });
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
      await requestJson(`${server.url}/v1/agents/${name}?key=${name}`, {
        headers: { cookie: `key=${name}` },
      });
      await requestJson(`${server.url}/mcp`, { key: name, body: `{"${name}` });
    }
    const files = readdirSync(dataDir);
    expect(files).toEqual(expect.arrayContaining(['tenantry.db', 'tenantry.db-wal', 'platform.db']));
    const scan = () =>
      readdirSync(dataDir)
        .map((file) => readFileSync(join(dataDir, file), 'latin1'))
        .join('\n');
    const whileRunning = scan();
    server.kill('SIGTERM');
    const { code, stderr } = await server.closed;
    expect(code).toBe(0);
    for (const plaintext of keys) {
      const [, , secret = ''] = plaintext.split('_');
      expect(secret).toHaveLength(49);
      expect(`${whileRunning}\n${scan()}`.includes(secret)).toBe(false);
    }
    // The demo's four keys, and one of them again in the snippet and in the lines to paste.
    expect(stderr.match(anyKey)).toEqual([
      ...defaultKeys.flatMap((shown, index) => [shown, managerKeys[index]]),
      defaultKeys[0],
      defaultKeys[0],
    ]);
  });
});

test('a second credential is seen behind any number of headers', async () => {
  const server = await startServer({ TENANTRY_DATA_DIR: temporaryDir() }, root);
  const [key = ''] = readDemo(server.seen.stderr).defaultKeys;
  const many = Array.from({ length: 1500 }, (_, index): RawHeader => [`h${index}`, '']);
  const whoami = (headers: RawHeader[]) =>
    rawHttp(Number(new URL(server.url).port), { target: '/v1/whoami', headers });
  expect((await whoami([bearer(key), ...many])).status).toBe(200);
  expectRefusal(await whoami([bearer(key), ...many, bearer(key)]), 400, 'MALFORMED_CREDENTIALS');
});

test('a start that fails on its port makes no keys that nobody saw', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void holder.close());
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const env = { TENANTRY_DATA_DIR: temporaryDir() };
  const failed = await startProgram(['serve'], { ...env, PORT: String(port) }, root).closed;
  expect([failed.code, failed.stdout]).toEqual([1, '']);
  expect(failed.stderr).toMatch(/EADDRINUSE.*set PORT/);
  expect(failed.stderr).not.toMatch(anyKey);
  const server = await startServer(env, root);
  expect(readDemo(server.seen.stderr).defaultKeys).toHaveLength(2);
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
    const env = {
      TENANTRY_CONFIG: file,
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      METRICS_TOKEN: 'short',
      TENANTRY_STORE_URL: 'mysql:x',
      TENANTRY_DATADIR: '/tmp/typo',
    };
    const { code, stdout, stderr } = await startProgram(['serve'], env).closed;
    expect([code, stdout]).toEqual([78, '']);
    const mistakes = [...stderr.matchAll(/^ +([^:]+): (\S.*)$/gm)].map(([, path]) => path);
    expect([...new Set(mistakes)].sort()).toEqual([
      '(the file)',
      'LOG_LEVEL',
      'METRICS_TOKEN',
      'PORT',
      'TENANTRY_DATADIR',
      'TENANTRY_STORE_URL',
      'dataDir',
      'demo',
      'keys.brand',
      'limits.toolTimeoutSeconds',
      'scopes.canonical.0',
      'server.allowedHosts',
      'server.allowedOrigins.0',
      'server.organizationHeader',
    ]);
    expect(stderr).toContain('surprise');
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    expect(readdirSync(dir)).toEqual(['mcp.config.json']);
  });

  test('what cannot be served ends with exit 78 before any store is made', async () => {
    const dataDir = temporaryDir();
    const refused: readonly (readonly [RegExp, Record<string, string>])[] = [
      [/^ *demo: expected false/m, { HOST: '0.0.0.0' }],
      [/none\.json: expected a readable file/, { TENANTRY_CONFIG: join(dataDir, 'none.json') }],
      [/mcp\.config\.json: expected JSON/, { TENANTRY_CONFIG: writeConfig('{"demo": tru').file }],
      [
        /ask for agent:search,.*"builtinTools": false/,
        {
          TENANTRY_CONFIG: writeConfig({ scopes: { catalogue: ['agent:read'], canonical: [] } }).file,
        },
      ],
    ];
    await Promise.all(
      refused.map(async ([message, env]) => {
        const program = startProgram(['serve'], { TENANTRY_DATA_DIR: dataDir, PORT: '0', ...env }, root);
        // One that serves after all is not waited for.
        await Promise.race([program.closed, program.waitFor('stdout', /listening/).catch(() => {})]);
        program.kill('SIGTERM');
        expect(await program.closed).toMatchObject({ code: 78, stdout: '' });
        expect(program.seen.stderr).toMatch(message);
      }),
    );
    expect(readdirSync(dataDir)).toEqual([]);
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
  const env = { TENANTRY_DATA_DIR: temporaryDir() };
  const server = await startServer(env, root);
  const { ids, defaultKeys } = readDemo(server.seen.stderr);
  const author = await studyAuthor(server.url, ids[0] ?? '', env);
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
  const study = await openCall(server.url, author.key, '2026', author.call);
  await study.messages.next();
  await expect.poll(() => answered.size).toBeGreaterThan(50);
  server.kill('SIGTERM');
  const shown = await collect(study.messages);
  const { code, signal } = await server.closed;
  await Promise.all(workers);
  expect([code, signal]).toEqual([0, null]);
  expect(shown.at(-1)).toMatchObject({
    id: 1,
    result: { structuredContent: { job: { status: 'completed' } } },
  });

  const store = new Database(join(env.TENANTRY_DATA_DIR, 'tenantry.db'), { readonly: true });
  onTestFinished(() => void store.close());
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

test('a command line that is wrong is exit 2', async () => {
  const wrong = [['no-such-command'], ['serve', '--no-such-option']];
  const ended = await Promise.all(wrong.map((args) => startProgram(args, {}).closed));
  for (const { code, stdout, stderr } of ended) {
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: unknown/);
  }
});

/** A key that may write studies, minted by the operator, and the call that creates one and hears how far it is. */
async function studyAuthor(url: string, organizationId: string, env: Record<string, string>) {
  const args = [
    'keys',
    'mint',
    '--org',
    organizationId,
    '--name',
    'Author',
    '--add',
    'study:write',
    '--json',
  ];
  const { stdout } = await startProgram(args, env, root).closed;
  const key = stdout.match(anyKey)?.[0] ?? '';
  const { body } = await requestJson(`${url}/v1/research-groups?limit=1`, { key });
  const [{ research_group_id }] = body.research_groups;
  const study = { name: 'Study', objective: 'To learn.', research_group_id, questions: ['Why?'] };
  return { key, call: { name: 'create_study', arguments: study, progressToken: 'p' } };
}
