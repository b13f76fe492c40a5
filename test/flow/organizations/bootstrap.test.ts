import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { requireLocalPeer } from '../../../src/identity/local-peer.ts';
import { runHere } from '../../cli/in-process.ts';
import { temporaryDir, writeConfig } from '../../support/fresh-start.ts';
import { type JsonAnswer, requestJson, rpc } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startServer } from '../../support/program.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

const PATH = '/admin/bootstrap';
const anyKey = /tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}/g;

const startEmpty = (options: Parameters<typeof startApp>[0] = {}) => startApp({ seed: false, ...options });

const bootstrap = (
  app: TestApp,
  body: object = {},
  headers: Record<string, string> = {},
): Promise<JsonAnswer> =>
  requestJson(app.url + PATH, {
    body: { organization: 'Acme', code: app.services.bootstrap.code, ...body },
    headers,
  });

test('of a hundred at once one makes the first organisation, its default key and a manager key', async () => {
  const app = await startEmpty();
  const answers = await Promise.all(Array.from({ length: 100 }, () => bootstrap(app)));
  const made = answers.filter(({ status }) => status === 201);
  expect(made).toHaveLength(1);
  for (const answer of answers) if (answer.status !== 201) expectRefusal(answer, 409, 'BOOTSTRAP_CLOSED');
  const [{ body, headers }] = made as [JsonAnswer];
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body.organization).toMatchObject({ name: 'Acme', status: 'active' });
  const whoami = async (key: string) => (await requestJson(`${app.url}/v1/whoami`, { key })).body;
  const canonical = ['research_group:read', 'study:read', 'agent:read', 'job:read', 'agent:search'];
  expect((await whoami(body.default_key)).scopes).toEqual(canonical);
  expect((await whoami(body.manager_key)).scopes).toEqual([
    ...canonical,
    ...['key:read', 'key:write', 'member:read', 'member:write', 'audit:read'],
  ]);
  const { keys } = (await requestJson(`${app.url}/v1/keys`, { key: body.manager_key })).body;
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(key).toMatchObject({ created_by: 'bootstrap', owner: 'operator' });
  expect(keys.map((key: { is_default: boolean }) => key.is_default).sort()).toEqual([false, true]);
  const [row] = (await app.audit(200)).filter(({ tier }) => tier === 'bootstrap');
  expect(row).toMatchObject({
    organizationId: body.organization.organization_id,
    tool: 'bootstrap',
    status: 201,
  });
  expect(JSON.stringify(await app.audit(200))).not.toContain(app.services.bootstrap.code);
});

test('before it every other path asks for a credential that nobody has', async () => {
  const app = await startEmpty();
  for (const path of ['/v1/whoami', '/v1/keys', '/org/tokens', '/admin/organizations', '/admin/host-keys']) {
    expectRefusal(await requestJson(app.url + path), 401, 'AUTHENTICATION_REQUIRED', path);
    const key = app.services.bootstrap.code;
    expectRefusal(await requestJson(app.url + path, { key }), 401, 'INVALID_TOKEN', path);
  }
  expect((await rpc(app.url, undefined, 'tools/list')).status).toBe(401);
  expect(await app.services.store.organizations.list({ limit: 100 })).toEqual([]);
});

test('another code, another form, or a trace of a proxy makes nothing, and leaves it open', async () => {
  const app = await startEmpty({ config: { server: { trustedProxies: ['127.0.0.1'] } } });
  for (const code of ['x', `${app.services.bootstrap.code} `, app.services.bootstrap.code.toUpperCase()]) {
    expectRefusal(await bootstrap(app, { code }), 401, 'INVALID_TOKEN', code);
  }
  for (const body of [
    { code: '' },
    { code: null },
    { code: ['x'] },
    { organization: '' },
    { organization: {} },
    { id: 'x' },
  ]) {
    expectRefusal(await bootstrap(app, body), 400, 'VALIDATION_ERROR', JSON.stringify(body));
  }
  expectRefusal(await requestJson(app.url + PATH, { method: 'POST' }), 400, 'VALIDATION_ERROR');
  const traces = [
    'Forwarded',
    'X-Forwarded-For',
    'x-forwarded-proto',
    'X-Forwarded-Anything',
    'Via',
    'X-Real-IP',
  ];
  for (const name of traces) {
    expectRefusal(await bootstrap(app, {}, { [name]: '127.0.0.1' }), 403, 'FORBIDDEN', name);
  }
  expect(await app.services.store.organizations.list({ limit: 100 })).toEqual([]);
  expect((await bootstrap(app)).status).toBe(201);
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['10.0.0.1', false],
  ['192.0.2.1', false],
  ['2001:db8::1', false],
  ['fe80::1', false],
  ['', false],
  [null, false],
])('a peer at %s is of this machine: %s', (clientAddress, isLocal) => {
  const presented = {
    rawHeaders: ['Host', 'localhost'],
    headerName: 'x-organization-id',
    urlSegment: undefined,
    surface: 'bootstrap',
    workspaceId: undefined,
    adminOrganization: undefined,
    clientAddress,
  } as const;
  if (isLocal) expect(() => requireLocalPeer(presented)).not.toThrow();
  else expect(() => requireLocalPeer(presented)).toThrow(AppError);
});

test('it never reopens: not with every key gone, not after a restart, not with the organisation deleted', async () => {
  const dataDir = temporaryDir();
  const first = await startEmpty({ dataDir });
  expect((await bootstrap(first)).status).toBe(201);
  await first.close();
  const file = new Database(join(dataDir, 'tenantry.db'));
  file.exec('DELETE FROM keys; DELETE FROM organizations; DELETE FROM audit; DELETE FROM canonical_sets');
  file.close();
  const second = await startEmpty({ dataDir });
  expect(await second.services.bootstrap.isOpen()).toBe(false);
  expectRefusal(await bootstrap(second), 409, 'BOOTSTRAP_CLOSED');
  expect(await second.services.store.organizations.list({ limit: 100 })).toEqual([]);
});

test('each way to make a first key closes it, on every process', async () => {
  const dataDir = temporaryDir();
  const makers: ((app: TestApp) => Promise<unknown>)[] = [
    (app) => app.provision('By the command line'),
    (app) => app.mintHost([]),
    (app) => bootstrap(app),
  ];
  for (const [index, make] of makers.entries()) {
    const dir = join(dataDir, String(index));
    mkdirSync(dir);
    const [one, other] = [await startEmpty({ dataDir: dir }), await startEmpty({ dataDir: dir })];
    expect(await other.services.bootstrap.isOpen()).toBe(true);
    await make(one);
    for (const app of [one, other]) expectRefusal(await bootstrap(app), 409, 'BOOTSTRAP_CLOSED');
  }
});

test('with ADMIN_TOKEN set there is none', async () => {
  const app = await startEmpty({ env: { ADMIN_TOKEN } });
  expectRefusal(await bootstrap(app), 409, 'BOOTSTRAP_CLOSED');
  expect(await app.services.store.organizations.list({ limit: 100 })).toEqual([]);
});

test('a copy from before the first key does not reopen it, by restore or by hand', async () => {
  const dataDir = temporaryDir();
  const env = { TENANTRY_CONFIG: join(dataDir, 'mcp.config.json') };
  const app = await startEmpty({ dataDir });
  expect((await runHere(['backup', '--out', 'empty.db'], env, dataDir)).code).toBe(0);
  expect((await bootstrap(app)).status).toBe(201);
  await app.close();
  expect((await runHere(['restore', 'empty.db'], env, dataDir)).code).toBe(0);
  const restored = await startEmpty({ dataDir });
  expect(await restored.services.store.organizations.list({ limit: 100 })).toEqual([]);
  expectRefusal(await bootstrap(restored), 409, 'BOOTSTRAP_CLOSED');
});

test('a store that cannot answer is not taken for an empty one', async () => {
  const app = await startEmpty();
  await app.services.store.close();
  expectRefusal(await bootstrap(app), 503, 'STORE_UNAVAILABLE');
});

test('serve prints the one command that works, and nothing of it once there is a key', async () => {
  const { dir, file } = writeConfig({ server: { port: 0 } });
  const env = { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR: join(dir, 'data') };
  const first = await startServer(env);
  const printed = /curl (\S+) -H 'Content-Type: (\S+)' -d '(.*)'/.exec(first.seen.stderr);
  const [, url = '', mediaType = '', body = ''] = printed ?? [];
  expect(url).toBe(`${first.url}/admin/bootstrap`);
  const headers = { 'content-type': mediaType };
  const made = await requestJson(url, { body, headers });
  expect([made.status, made.text.match(anyKey)?.length]).toEqual([201, 2]);
  expect((await requestJson(`${first.url}/v1/keys`, { key: made.body.manager_key })).status).toBe(200);
  expectRefusal(await requestJson(url, { body, headers }), 409, 'BOOTSTRAP_CLOSED');
  first.kill('SIGTERM');
  expect((await first.closed).stdout).not.toMatch(/bootstrap/);
  const second = await startServer(env);
  second.kill('SIGTERM');
  expect((await second.closed).stderr).not.toMatch(/bootstrap|curl/);
});

test('a ledger that outlived its store keeps it closed', async () => {
  const dataDir = temporaryDir();
  const first = await startEmpty({ dataDir });
  expect((await bootstrap(first)).status).toBe(201);
  await first.close();
  for (const name of readdirSync(dataDir)) {
    if (/^tenantry\.db(?:-wal|-shm)?$/.test(name)) rmSync(join(dataDir, name));
  }
  const second = await startEmpty({ dataDir });
  expectRefusal(await bootstrap(second), 409, 'BOOTSTRAP_CLOSED');
});
