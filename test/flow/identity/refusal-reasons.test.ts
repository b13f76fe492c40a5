import { expect, test } from 'vitest';
import { bearer, mcpBody, mcpHeaders, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

const challenge = (answer: { headers: Headers }) => answer.headers.get('www-authenticate');

const post = (app: TestApp, target: string, headers: readonly RawHeader[]) =>
  rawHttp(app.port, {
    method: 'POST',
    target,
    headers: [...mcpHeaders('tools/list'), ...headers],
    body: mcpBody('tools/list'),
  });

test('a client that falls back to GET on the MCP paths learns what its POST was refused for', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  const cases: { headers: RawHeader[]; status: number; code: string }[] = [
    { headers: [], status: 401, code: 'AUTHENTICATION_REQUIRED' },
    { headers: [['Authorization', 'Basic eDp5']], status: 401, code: 'AUTHENTICATION_REQUIRED' },
    { headers: [bearer('tnt_bad')], status: 401, code: 'INVALID_TOKEN' },
    { headers: [['Authorization', 'Bearer a b']], status: 400, code: 'MALFORMED_CREDENTIALS' },
    {
      headers: [bearer(acme.defaultKey), ['X-Organization-Id', bolt.id]],
      status: 403,
      code: 'ORGANIZATION_MISMATCH',
    },
    {
      headers: [bearer(acme.defaultKey), ['X-Organization-Id', 'x']],
      status: 400,
      code: 'INVALID_ORGANIZATION_HEADER',
    },
  ];
  for (const { headers, status, code } of cases) {
    for (const target of ['/mcp', `/o/${acme.id}/mcp`]) {
      const posted = await post(app, target, headers);
      expectRefusal(posted, status, code, `POST ${target}`);
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const asked = await rawHttp(app.port, { method, target, headers });
        expectRefusal(asked, status, code, `${method} ${target}`);
        expect(challenge(asked)).toBe(challenge(posted));
      }
    }
  }
});

test('a refusal of a GET has its row, so that no key is tried unseen', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const target of ['/mcp', `/o/${app.acme.id}/mcp`]) {
    for (const method of ['GET', 'DELETE']) {
      await rawHttp(app.port, { method, target, headers: [bearer('tnt_bad')] });
      const row = { method, target, status: 401, errorCode: 'INVALID_TOKEN' };
      expect((await app.audit(1))[0]).toMatchObject(row);
    }
  }
});

test('a credential that is accepted gets 405 with Allow: POST there, and a row in its organisation', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const target of ['/mcp', `/o/${app.acme.id}/mcp`]) {
    for (const method of ['GET', 'DELETE']) {
      const answer = await rawHttp(app.port, { method, target, headers: [bearer(app.acme.defaultKey)] });
      expectRefusal(answer, 405, 'METHOD_NOT_ALLOWED', `${method} ${target}`);
      expect(answer.headers.get('allow')).toBe('POST');
      expect((await app.audit(1))[0]).toMatchObject({ method, status: 405, organizationId: app.acme.id });
    }
  }
});

const signInPaths = (organizationId: string) => [
  ...['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'].flatMap((name) => [
    `GET /.well-known/${name}`,
    `GET /.well-known/${name}/mcp`,
    `GET /.well-known/${name}/o/${organizationId}/mcp`,
    `GET /mcp/.well-known/${name}`,
    `GET /o/${organizationId}/mcp/.well-known/${name}`,
  ]),
  'POST /register',
  'GET /authorize',
  'POST /token',
];

test('where OAuth clients look for a sign-in, a body that they read says what became of the key', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  const known: { headers: RawHeader[]; says: RegExp; row: object | null }[] = [
    { headers: [], says: /^There is no sign-in here\. Send a key as/, row: null },
    {
      headers: [['Authorization', 'Basic eDp5']],
      says: /^There is no sign-in here\. Send a key as/,
      row: null,
    },
    {
      headers: [bearer('tnt_bad')],
      says: /was refused: INVALID_TOKEN, /,
      row: { errorCode: 'INVALID_TOKEN' },
    },
    {
      headers: [bearer(acme.defaultKey), ['X-Organization-Id', bolt.id]],
      says: /was refused: ORGANIZATION_MISMATCH, /,
      row: { errorCode: 'ORGANIZATION_MISMATCH', organizationId: acme.id },
    },
    {
      headers: [bearer(acme.defaultKey)],
      says: /was accepted\. The answer that refused a call names the scope/,
      row: { status: 404 },
    },
  ];
  for (const request of signInPaths(acme.id)) {
    const [method = '', target = ''] = request.split(' ');
    for (const { headers, says, row } of known) {
      const before = (await app.audit(1))[0]?.seq;
      const answer = await rawHttp(app.port, { method, target, headers });
      expect([request, answer.status, challenge(answer)]).toEqual([request, 404, null]);
      expect(answer.body).toEqual({
        error: 'invalid_request',
        error_description: expect.stringMatching(says),
      });
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(answer.text).not.toContain(acme.defaultKey);
      const newest = (await app.audit(1))[0];
      if (row === null) expect(newest?.seq).toBe(before);
      // A stranger's refusals are written up to a number.
      else if (newest?.seq !== before) expect(newest).toMatchObject({ method, ...row });
    }
  }
  expect(app.sent).toEqual([]);
});

test('every 401 and 403 describes itself in its challenge, in characters that a header may carry', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  const narrow = await app.mint(acme, { scopes: [] });
  const restricted = await app.mint(acme, { restrictions: { tools: ['whoami'] } });
  const cases: [string, RawHeader[], string][] = [
    ['/v1/whoami', [], 'AUTHENTICATION_REQUIRED'],
    ['/v1/whoami', [bearer('tnt_bad')], 'INVALID_TOKEN'],
    ['/v1/whoami', [bearer(acme.defaultKey), ['X-Organization-Id', bolt.id]], 'ORGANIZATION_MISMATCH'],
    ['/v1/jobs', [bearer(narrow.plaintext)], 'INSUFFICIENT_SCOPE'],
    ['/v1/jobs', [bearer(restricted.plaintext)], 'KEY_RESTRICTED'],
    ['/admin/organizations', [bearer(acme.defaultKey)], 'FORBIDDEN'],
    ['/v1/whoami', [['Origin', 'https://evil.example']], 'ORIGIN_NOT_ALLOWED'],
  ];
  for (const [target, headers, code] of cases) {
    const answer = await rawHttp(app.port, { target, headers });
    expect([code, answer.body.error.code]).toEqual([code, code]);
    expect(challenge(answer)).toMatch(/^Bearer .*error_description="[\x20\x21\x23-\x5b\x5d-\x7e]+"$/);
    const described = /error_description="([^"]+)"/.exec(challenge(answer) ?? '')?.[1];
    expect(described).toBe(answer.body.error.message);
  }
  const scoped = await rawHttp(app.port, { target: '/v1/jobs', headers: [bearer(narrow.plaintext)] });
  expect(challenge(scoped)).toMatch(
    /^Bearer error="insufficient_scope", scope="job:read", error_description=".*job:read/,
  );
});

test('the address that the start prints is a page for browsers, which loads nothing, and 404 for programs', async () => {
  const app = await startTwoTenants({ seed: false });
  const headers: RawHeader[] = [['Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8']];
  const page = await rawHttp(app.port, { target: '/', headers });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page.text).toContain('http://localhost/mcp');
  expect(page.text).toContain('href="/docs"');
  expect(page.text).not.toMatch(/<script|src=|https?:\/\/(?!localhost)/);
  expectRefusal(await rawHttp(app.port, { target: '/' }), 404, 'NOT_FOUND');
  expectRefusal(await rawHttp(app.port, { target: '/', method: 'POST', headers }), 405, 'METHOD_NOT_ALLOWED');
});
