import { expect, test } from 'vitest';
import { rawRequest } from '../../support/http.ts';
import { bearer, mcpHeaders, protocols, type RawHeader, rawHttp, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const PAGE = 'https://app.example.com';

const startWithOrigin = (server: object = {}) =>
  startTwoTenants({ seed: false, config: { server: { allowedOrigins: [PAGE], ...server } } });

test('the names of the own machine are answered, with any port', async () => {
  const app = await startWithOrigin();
  const headers = [bearer(app.acme.defaultKey)];
  const own = [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '[::1]',
    'localhost:8080',
    '127.0.0.1:1',
    '[::1]:65535',
  ];
  for (const host of own) {
    const { status } = await rawHttp(app.port, { target: '/v1/whoami', host, headers });
    expect([host, status]).toEqual([host, 200]);
  }
});

test('a foreign Host is 403 before anything else is looked at', async () => {
  const app = await startWithOrigin();
  const headers = [bearer(app.acme.defaultKey)];
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    'localhost.',
    '127.1',
    '0x7f.1',
    '127.0.0.2',
    '0.0.0.0',
  ];
  for (const host of [...foreign, '[::]', '[::ffff:127.0.0.1]', 'xn--lcalhost-13a', 'evil.example:80']) {
    for (const target of ['/v1/whoami', '/nowhere', '/docs']) {
      expectRefusal(await rawHttp(app.port, { target, host, headers }), 403, 'HOST_NOT_ALLOWED', host);
    }
    const onMcp = await rawHttp(app.port, { method: 'POST', target: '/mcp', host, headers });
    expectRefusal(onMcp, 403, 'HOST_NOT_ALLOWED', host);
    expect(onMcp.body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: 40306 } });
  }
  expect((await app.audit()).filter(({ method }) => method !== 'cli')).toEqual([]);
});

test('a Host that is missing, doubled or malformed is 400', async () => {
  const app = await startWithOrigin();
  const headers = [bearer(app.acme.defaultKey)];
  const malformed = [
    '',
    'a b',
    'localhost/admin?y=',
    'localhost:99999',
    'localhost:x',
    'localhost:',
    'local_host',
  ];
  for (const host of [
    ...malformed,
    'user@localhost',
    'localhost,localhost',
    '::1',
    '[::1',
    'l\u00f6calhost',
    '*',
  ]) {
    const answer = await rawHttp(app.port, { target: '/v1/whoami', host, headers });
    expectRefusal(answer, 400, 'INVALID_HOST', host);
  }
  for (const version of ['1.0', '1.1'] as const) {
    const missing = await rawHttp(app.port, { target: '/v1/whoami', host: null, version, headers });
    expectRefusal(missing, 400, 'INVALID_HOST', `HTTP/${version}`);
  }
  for (const second of ['localhost', 'evil.example', '']) {
    const doubled: RawHeader[] = [['host', second], ...headers];
    expectRefusal(
      await rawHttp(app.port, { target: '/v1/whoami', headers: doubled }),
      400,
      'INVALID_HOST',
      second,
    );
  }
});

test('HTTP/1.0 with a Host is answered, and an absolute target is not', async () => {
  const app = await startWithOrigin();
  const headers = [bearer(app.acme.defaultKey)];
  expect((await rawHttp(app.port, { target: '/v1/whoami', version: '1.0', headers })).status).toBe(200);
  for (const origin of [
    'http://localhost',
    'http://evil.example',
    'https://localhost:1',
    'HTTP://localhost',
  ]) {
    for (const path of ['/v1/whoami', '/mcp', '/healthz', '/']) {
      const answer = await rawHttp(app.port, { target: origin + path, headers });
      expectRefusal(answer, 400, 'INVALID_HOST', origin + path);
    }
  }
});

test('the configured names are answered beside, and on another address instead of, the own ones', async () => {
  const app = await startWithOrigin({ allowedHosts: ['mcp.example.com'] });
  const headers = [bearer(app.acme.defaultKey)];
  for (const host of ['mcp.example.com', 'MCP.example.com:443', 'localhost']) {
    expect((await rawHttp(app.port, { target: '/v1/whoami', host, headers })).status).toBe(200);
  }
  const open = await startWithOrigin({ host: '0.0.0.0', allowedHosts: ['mcp.example.com'] });
  const ask = (host: string) =>
    rawHttp(open.port, { target: '/v1/whoami', host, headers: [bearer(open.acme.defaultKey)] });
  expect((await ask('mcp.example.com')).status).toBe(200);
  for (const host of ['localhost', '127.0.0.1', '0.0.0.0'])
    expectRefusal(await ask(host), 403, 'HOST_NOT_ALLOWED');
});

test('a foreign Origin is 403, null and a doubled one too, and no page may read the answer', async () => {
  const app = await startWithOrigin();
  const foreign = [
    'https://evil.example',
    'null',
    '',
    'http://app.example.com',
    `${PAGE}:444`,
    `${PAGE}.evil.example`,
  ];
  for (const origin of [
    ...foreign,
    'https://APP.example.com',
    `${PAGE}/`,
    `${PAGE} `.repeat(2).trim(),
    '*',
  ]) {
    for (const protocol of protocols) {
      const answer = await rawSearch(app.port, protocol, [bearer(app.acme.defaultKey), ['Origin', origin]]);
      expectRefusal(answer, 403, 'ORIGIN_NOT_ALLOWED', origin);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  }
  const doubled: RawHeader[] = [bearer(app.acme.defaultKey), ['Origin', PAGE], ['origin', PAGE]];
  expectRefusal(await rawSearch(app.port, 'mcp', doubled), 403, 'ORIGIN_NOT_ALLOWED');
  expect(app.sent).toEqual([]);
});

test('without configuration a server on loopback allows the pages of its own machine, and no others', async () => {
  const app = await startTwoTenants({ seed: false });
  const ask = (origin: string) =>
    rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey), ['Origin', origin]]);
  const own = ['http://localhost', 'http://localhost:6274', 'https://127.0.0.1:8443', 'http://[::1]:1'];
  for (const origin of own) {
    const answer = await ask(origin);
    expect([origin, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      origin,
      200,
      origin,
    ]);
  }
  const others = [
    'null',
    'http://localhost.evil.example',
    'http://evil.example:80',
    'http://127.0.0.1.nip.io',
  ];
  for (const origin of [
    PAGE,
    ...others,
    'http://localhost:x',
    'http://127.0.0.2',
    'file://localhost',
    'localhost',
  ]) {
    expectRefusal(await ask(origin), 403, 'ORIGIN_NOT_ALLOWED', origin);
  }
});

test('beyond loopback no Origin is allowed without configuration', async () => {
  const server = { host: '0.0.0.0', allowedHosts: ['localhost'] };
  const app = await startTwoTenants({ seed: false, config: { server } });
  for (const origin of [PAGE, 'http://localhost', `http://127.0.0.1:${app.port}`, 'null']) {
    const answer = await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey), ['Origin', origin]]);
    expectRefusal(answer, 403, 'ORIGIN_NOT_ALLOWED', origin);
  }
});

test('a page of an allowed origin may read every answer, refusals with their challenge included', async () => {
  const app = await startWithOrigin();
  const origin: RawHeader = ['Origin', PAGE];
  const answers = [
    await rawSearch(app.port, 'mcp', [origin, bearer(app.acme.defaultKey)]),
    await rawSearch(app.port, 'mcp', [origin]),
    await rawSearch(app.port, 'rest', [origin, bearer('x')]),
    await rawHttp(app.port, { target: '/nowhere', headers: [origin] }),
    await rawHttp(app.port, { method: 'POST', target: '/v1/whoami', headers: [origin] }),
    await rawHttp(app.port, { target: '/openapi.json', headers: [origin] }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 404, 405, 200]);
  for (const { headers } of answers) {
    expect(headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(headers.get('access-control-expose-headers')).toBe(
      'WWW-Authenticate, X-Request-Id, X-Key-Expires-At, Deprecation, Sunset',
    );
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  }
});

const preflight = (method: string, ...headers: RawHeader[]): RawHeader[] => [
  ['Origin', PAGE],
  ['Access-Control-Request-Method', method],
  ...headers,
];

test('a preflight of an allowed origin is answered before authentication', async () => {
  const app = await startWithOrigin({ organizationHeader: 'X-Tenant' });
  const cases = [
    ['/mcp', 'POST'],
    [`/o/${app.acme.id}/mcp`, 'POST'],
    ['/v1/agents/search', 'GET'],
    ['/v1/keys', 'POST'],
    ['/v1/keys/x', 'DELETE'],
  ] as const;
  for (const [target, method] of cases) {
    const answer = await rawHttp(app.port, { method: 'OPTIONS', target, headers: preflight(method) });
    expect([target, answer.status, answer.text]).toEqual([target, 204, '']);
    expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(answer.headers.get('access-control-allow-methods')?.split(', ')).toContain(method);
    const allowed = (answer.headers.get('access-control-allow-headers') ?? '').split(', ');
    const needed = ['authorization', 'x-api-key', 'content-type', 'accept', 'x-tenant', 'x-on-behalf-of'];
    const ofMcp = mcpHeaders('tools/list', 'x').map(([name]) => name.toLowerCase());
    expect(allowed).toEqual(expect.arrayContaining([...needed, ...ofMcp]));
  }
  expect((await app.audit()).filter(({ method }) => method === 'OPTIONS')).toEqual([]);
});

test('a preflight of anyone else is refused', async () => {
  const app = await startWithOrigin();
  const evil: RawHeader[] = [
    ['Origin', 'https://evil.example'],
    ['Access-Control-Request-Method', 'POST'],
  ];
  const foreign = await rawHttp(app.port, { method: 'OPTIONS', target: '/mcp', headers: evil });
  expectRefusal(foreign, 403, 'ORIGIN_NOT_ALLOWED');
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  const noOrigin = await rawHttp(app.port, { method: 'OPTIONS', target: '/mcp' });
  expectRefusal(noOrigin, 405, 'METHOD_NOT_ALLOWED');
  const nowhere = await rawHttp(app.port, {
    method: 'OPTIONS',
    target: '/nowhere',
    headers: preflight('GET'),
  });
  expectRefusal(nowhere, 404, 'NOT_FOUND');
});

test('what HTTP itself forbids never reaches the pipeline', async () => {
  const app = await startWithOrigin();
  const key = app.acme.defaultKey;
  const lines = ['X : y', ' X: y', 'X: a\u0000b', 'X: a\rb', 'X\u00e9: y', ': y', `Y: ${'x'.repeat(17_000)}`];
  for (const line of lines) {
    const head = `GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${key}`;
    const { status, body } = await rawRequest(app.port, Buffer.from(`${head}\r\n${line}\r\n\r\n`, 'latin1'));
    expect([line.slice(0, 20), [400, 431].includes(status)]).toEqual([line.slice(0, 20), true]);
    expect(body).toBe('');
  }
  expect((await app.audit()).filter(({ method }) => method !== 'cli')).toEqual([]);
});
