import { expect, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { operatorTools, tools } from '../../../tools/index.ts';
import { requestJson } from '../../support/http.ts';
import { setStatus } from '../../support/organization-status.ts';
import { bearer, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

const routesOf = (shown: readonly { rest: string | null }[]) =>
  shown.flatMap(({ rest }) => (rest === null ? [] : [rest])).sort();

type Paths = Record<string, Record<string, unknown>>;

/** The operations that the document shows, as `GET /v1/whoami`. */
async function documented(app: TestApp, key?: string): Promise<string[]> {
  const { status, body } = await requestJson(`${app.url}/openapi.json`, { key });
  expect(status).toBe(200);
  return Object.entries<Paths[string]>(body.paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((verb) => `${verb.toUpperCase()} ${path}`))
    .sort();
}

/** The same from the page for people. */
async function onPage(app: TestApp, key?: string): Promise<string[]> {
  const { status, text } = await requestJson(`${app.url}/docs`, { key });
  expect(status).toBe(200);
  return [...text.matchAll(/<tr><td><code>([^<]+)<\/code>/g)].map(([, route = '']) => route).sort();
}

test('without a credential both documents show every built-in operation', async () => {
  const app = await startTwoTenants({ seed: false });
  const all = routesOf([...tools, ...operatorTools]);
  expect(await documented(app)).toEqual(all);
  expect(await onPage(app)).toEqual(all);
});

test('with a credential both show exactly what it may call', async () => {
  const app = await startTwoTenants({ seed: false });
  const sets = [[], ['agent:read'], ['key:read', 'audit:read'], ['study:read', 'study:write', 'job:read']];
  for (const scopes of sets) {
    const { plaintext } = await app.mint(app.acme, { scopes });
    const callable = tools.filter(({ scope }) => scope === 'any' || scopes.includes(scope));
    expect(await documented(app, plaintext)).toEqual(routesOf(callable));
    expect(await onPage(app, plaintext)).toEqual(routesOf(callable));
  }
  const restricted = await app.mint(app.acme, { restrictions: { tools: ['whoami'] } });
  expect(await documented(app, restricted.plaintext)).toEqual(['GET /v1/whoami']);
});

test('exactly the documented paths answer', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = await app.mint(app.acme, { scopes: ['agent:read', 'key:write'] });
  const shown = new Set(await documented(app, plaintext));
  for (const route of routesOf(tools)) {
    const [method = '', path = ''] = route.split(' ');
    const answer = await requestJson(app.url + path.replaceAll(/\{[^}]+\}/g, 'x'), {
      method,
      key: plaintext,
      ...(/POST|PATCH/.test(method) && { body: {} }),
    });
    expect([route, answer.body.error?.code !== 'INSUFFICIENT_SCOPE']).toEqual([route, shown.has(route)]);
  }
});

test('with a bad credential both are refused like everything else, and audited', async () => {
  const app = await startTwoTenants({ seed: false });
  const bad: [RawHeader[], number, string][] = [
    [[bearer(createKeyFormat('tnt').generate().plaintext)], 401, 'INVALID_TOKEN'],
    [[bearer('x')], 401, 'INVALID_TOKEN'],
    [[['X-API-Key', 'x']], 401, 'INVALID_TOKEN'],
    [[bearer('a b')], 400, 'MALFORMED_CREDENTIALS'],
    [[bearer(app.acme.defaultKey), ['X-API-Key', app.acme.defaultKey]], 400, 'MALFORMED_CREDENTIALS'],
    [[bearer(app.acme.defaultKey), ['X-Organization-Id', app.bolt.id]], 403, 'ORGANIZATION_MISMATCH'],
    [[bearer(app.acme.defaultKey), ['X-Organization-Id', '']], 400, 'INVALID_ORGANIZATION_HEADER'],
  ];
  for (const target of ['/openapi.json', '/docs']) {
    for (const [headers, status, code] of bad) {
      const answer = await rawHttp(app.port, { target, headers });
      expectRefusal(answer, status, code, `${target} ${code}`);
      if (status === 401) {
        expect(answer.headers.get('www-authenticate')).toMatch(
          /^Bearer realm="tenantry", error="invalid_token", /,
        );
      }
      const [row] = await app.audit(1);
      const requestId = answer.headers.get('x-request-id');
      expect(row).toMatchObject({ requestId, target: expect.stringContaining(target), errorCode: code });
    }
  }
  await setStatus(app, app.acme, 'suspended');
  const suspended = await rawHttp(app.port, { target: '/docs', headers: [bearer(app.acme.defaultKey)] });
  expectRefusal(suspended, 403, 'ORGANIZATION_SUSPENDED');
});

test('a document that was asked for with a key has its row, one without has none', async () => {
  const app = await startTwoTenants({ seed: false });
  const before = (await app.audit()).length;
  await requestJson(`${app.url}/openapi.json`);
  await requestJson(`${app.url}/docs`);
  expect((await app.audit()).length).toBe(before);
  const { headers } = await requestJson(`${app.url}/openapi.json`, { key: app.acme.defaultKey });
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ organizationId: app.acme.id, status: 200, target: '/openapi.json' });
  expect(headers.get('x-request-id')).toBe(row?.requestId);
});

test('neither document shows a key, an organisation or a path of the machine', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const path of ['/openapi.json', '/docs']) {
    const { text, headers } = await requestJson(app.url + path, { key: app.acme.defaultKey });
    expect(text).not.toMatch(/tnt_[0-9A-Za-z]{8}|org_[0-9A-Z]{26}|organi[sz]ation_id"?:\s*"|node_modules/);
    expect(text).not.toContain(app.dataDir);
    expect(headers.get('cache-control')).toBe('no-store');
  }
});

test('an open path answers GET alone, and says so', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
    const answer = await requestJson(app.url + path, { method: 'POST', body: {} });
    expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, 'GET']);
  }
});

test('what ADMIN_TOKEN manages says so, with the headers that go with it', async () => {
  const app = await startTwoTenants({ seed: false });
  const { paths } = (await requestJson(`${app.url}/openapi.json`)).body;
  const headers = (path: string) =>
    paths[path].get.parameters
      .filter((one: { in: string }) => one.in === 'header')
      .map((one: { name: string }) => one.name);
  expect(paths['/v1/keys'].get.security).toContainEqual({ adminToken: [] });
  expect(headers('/v1/keys')).toEqual(['X-Organization-Id', 'X-Break-Glass-Reason']);
  expect(paths['/v1/whoami'].get.security).toBeUndefined();
  expect(headers('/v1/whoami')).toEqual(['X-Organization-Id']);
});

test('an operation of the operator says what opens it, and that it wants a reason', async () => {
  const app = await startTwoTenants({ seed: false });
  const { body } = await requestJson(`${app.url}/openapi.json`);
  for (const { rest, access } of operatorTools) {
    const [method = '', path = ''] = (rest ?? '').split(' ');
    const { security, parameters } = body.paths[path][method.toLowerCase()];
    const isAdmin = access === 'admin-token';
    expect([rest, security]).toEqual([rest, isAdmin ? [{ adminToken: [] }] : []]);
    const answers = Object.keys(body.paths[path][method.toLowerCase()].responses);
    if (rest === 'POST /admin/organizations') expect(answers).toEqual(['200', '201', 'default']);
    const reasons = parameters.filter(({ in: place }: { in: string }) => place === 'header');
    expect(reasons).toMatchObject(isAdmin ? [{ name: 'X-Break-Glass-Reason', required: true }] : []);
  }
});
