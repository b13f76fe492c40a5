import { expect, test } from 'vitest';
import { operatorAccess } from '../../../src/cli/keys/operate-keys.ts';
import { manageKeys } from '../../../src/keys/manage-keys.ts';
import { requestJson, rpc } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { setStatus } from '../../support/organization-status.ts';
import { bytesOf, expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const UNKNOWN_ID = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const env = { ADMIN_TOKEN };
const start = () => startTwoTenants({ seed: false, env });

test('it reaches no data: not over MCP, not over REST, not over stdio, named organisation or not', async () => {
  const app = await start();
  const { id } = app.acme;
  const paths = ['/v1/whoami', '/v1/agents/search', '/v1/studies', '/v1/scopes', '/openapi.json', '/docs'];
  for (const organizationId of [undefined, id]) {
    for (const path of paths) {
      const answer = await asOperator(app, path, organizationId === undefined ? {} : { organizationId });
      expectRefusal(answer, 403, 'ADMIN_TOKEN_NOT_ALLOWED', path);
    }
    const headers: Record<string, string> = organizationId ? { 'x-organization-id': organizationId } : {};
    for (const [method, params] of [
      ['tools/list'],
      ['tools/call', { name: 'list_keys', arguments: {} }],
    ] as const) {
      const answer = await rpc(app.url, ADMIN_TOKEN, method, params, headers);
      expectRefusal(answer, 403, 'ADMIN_TOKEN_NOT_ALLOWED', method);
      expect(answer.body.error.code).toBe(40305);
    }
  }
  const stdio = serveLines(app, { apiKey: ADMIN_TOKEN, organizationId: id });
  expect(await stdio.request(1, 'tools/list')).toMatchObject({ error: { code: 40305 } });
  expect(app.sent).toEqual([]);
  const rows = (await app.audit()).filter(({ method }) => method !== 'cli');
  expect(
    rows.every(({ tier, errorCode }) => tier === 'admin-token' && errorCode === 'ADMIN_TOKEN_NOT_ALLOWED'),
  ).toBe(true);
  expect(rows).toHaveLength(2 * (paths.length + 2) + 1);
});

test('it manages the organisation that the header names, and the audit of that organisation says so', async () => {
  const app = await start();
  const { id } = app.acme;
  const body = { scope_type: 'global', name: 'Rescue', scopes: ['billing:write', 'key:write', 'audit:read'] };
  const minted = await asOperator(app, '/v1/keys', {
    organizationId: id,
    body,
    reason: 'INC-17: locked out',
  });
  expect(minted.status).toBe(201);
  const { key } = minted.body;
  expect(key).toMatchObject({ organization_id: id, created_by: 'admin-token', owner: 'operator', ...body });
  const [row] = await app.services.store.audit.list(id, {}, { limit: 1 });
  expect(row).toMatchObject({
    tier: 'admin-token',
    organizationId: id,
    keyId: null,
    userId: null,
    method: 'POST',
    target: '/v1/keys',
    tool: 'mint_key',
    status: 201,
  });
  const change = JSON.parse(row?.change ?? '{}');
  expect(change).toMatchObject({ minted: key.id, break_glass_reason: 'INC-17: locked out' });
  expect(JSON.stringify(await app.audit())).not.toContain(ADMIN_TOKEN);

  const asRead = async (path: string) => (await asOperator(app, path, { organizationId: id })).body;
  expect((await asRead('/v1/keys')).keys.map((one: { id: string }) => one.id)).toContain(key.id);
  expect((await asRead('/v1/audit')).events[0].change).toEqual({ break_glass_reason: 'a test' });
  expect((await asRead('/v1/members')).members).toEqual([]);
  const person = { name: 'Ada', role: 'admin' };
  const added = await asOperator(app, '/v1/members', { organizationId: id, body: person });
  expect(added.status).toBe(201);
  const userBody = { scope_type: 'user', name: 'Hers', user_id: added.body.member.user_id };
  expect((await asOperator(app, '/v1/keys', { organizationId: id, body: userBody })).status).toBe(201);
  expect((await asOperator(app, '/org/tokens', { organizationId: id, body: { name: 'x' } })).status).toBe(
    201,
  );
  const rotated = await asOperator(app, `/v1/keys/${key.id}/rotate`, { organizationId: id, body: {} });
  expect(rotated.body.key).toMatchObject({ created_by: 'admin-token', scopes: body.scopes });
  const revoked = await asOperator(app, `/v1/keys/${key.id}`, { method: 'DELETE', organizationId: id });
  expect(revoked.body.key).toMatchObject({ status: 'revoked', revoked_by: 'admin-token' });
});

test('the mint table holds for it too', async () => {
  const app = await start();
  const mint = (body: object) => asOperator(app, '/v1/keys', { organizationId: app.acme.id, body });
  expectRefusal(await mint({ name: 'x' }), 400, 'SCOPE_REQUIRED');
  expectRefusal(await mint({ scope_type: 'user', name: 'x', user_id: 'usr_x' }), 400, 'INVALID_USER');
  expectRefusal(await mint({ scope_type: 'global', name: 'x', user_id: 'usr_x' }), 400, 'VALIDATION_ERROR');
  // A host key belongs to no organisation, so it is made where none is named: `POST /admin/host-keys`.
  expectRefusal(await mint({ scope_type: 'host', name: 'x' }), 400, 'VALIDATION_ERROR');
});

test('nothing is chosen for it: without a name, with two, or with one that is not there, it is refused', async () => {
  const app = await start();
  const gone = await app.provision('Gone');
  await setStatus(app, gone, 'deleted');
  expectRefusal(await asOperator(app, '/v1/keys'), 400, 'ORGANIZATION_REQUIRED');
  const absent = await asOperator(app, '/v1/keys', { organizationId: UNKNOWN_ID });
  const deleted = await asOperator(app, '/v1/keys', { organizationId: gone.id });
  for (const answer of [absent, deleted]) expectRefusal(answer, 403, 'ORGANIZATION_MISMATCH');
  expect(bytesOf(absent)).toEqual(bytesOf(deleted));
  const malformed = await asOperator(app, '/v1/keys', { organizationId: `${app.acme.id},${app.bolt.id}` });
  expectRefusal(malformed, 400, 'INVALID_ORGANIZATION_HEADER');
  await setStatus(app, app.bolt, 'suspended');
  const suspended = await asOperator(app, '/v1/keys', { organizationId: app.bolt.id });
  expectRefusal(suspended, 403, 'ORGANIZATION_SUSPENDED');
});

test('each use of the break-glass token gives a reason', async () => {
  const app = await start();
  for (const reason of [null, '', '   ', 'x'.repeat(201)]) {
    for (const [path, organizationId] of [['/v1/keys', app.acme.id], ['/admin/organizations']] as const) {
      const answer = await asOperator(app, path, { reason, ...(organizationId && { organizationId }) });
      expectRefusal(answer, 400, 'VALIDATION_ERROR', `${path} ${reason}`);
      expect(answer.body.error.message).toContain('X-Break-Glass-Reason');
    }
  }
});

test('a reason is kept as it was written', async () => {
  const app = await start();
  const reason = Buffer.from('Schlüssel für 東京').toString('latin1');
  await asOperator(app, '/admin/organizations', { reason });
  expect((await app.audit(1))[0]?.change).toBe('{"break_glass_reason":"Schlüssel für 東京"}');
});

test('a reason that holds a key is kept without it', async () => {
  const app = await start();
  await asOperator(app, '/admin/organizations', { reason: `lost ${app.acme.defaultKey}` });
  expect((await app.audit(1))[0]?.change).toBe('{"break_glass_reason":"lost [key]"}');
});

test('another token of any length is refused like any bad credential, and never as a bug', async () => {
  const app = await start();
  const answers = new Set<string>();
  const others = [
    ADMIN_TOKEN.slice(0, -1),
    `${ADMIN_TOKEN}0`,
    ADMIN_TOKEN.toUpperCase(),
    'x',
    '='.padStart(9, 'a'),
  ];
  for (const length of [31, 32, 64, 1000, 10_000]) others.push('a'.repeat(length));
  for (const token of others) {
    for (const path of ['/v1/keys', '/v1/whoami', '/admin/organizations']) {
      const answer = await asOperator(app, path, { token, organizationId: app.acme.id });
      expectRefusal(answer, 401, 'INVALID_TOKEN', `${path} ${token.length}`);
      answers.add(JSON.stringify(bytesOf(answer)));
    }
  }
  expect(answers.size).toBe(1);
});

test('no key opens /admin, and a failed credential is tried as nothing else', async () => {
  const app = await start();
  const everything = app.services.mintRules.catalogue.scopes;
  const mightiest = await app.mint(app.acme, { scopes: [...everything] });
  const host = await app.mintHost([app.acme]);
  const revoked = await app.mint(app.acme);
  const access = operatorAccess('keys revoke', app.acme.id, app.services);
  await manageKeys(app.acme.id, access, app.services.operator).revoke(revoked.id);
  const routes = app.services.operatorTools.filter(({ access }) => access === 'admin-token');
  expect(routes.length).toBeGreaterThan(8);
  for (const { rest } of routes) {
    const [method = '', path = ''] = (rest ?? '').replaceAll(/\{[^}]+\}/g, app.bolt.id).split(' ');
    const ask = (key: string) =>
      requestJson(app.url + path, {
        method,
        key,
        headers: { 'x-organization-id': app.acme.id, 'x-break-glass-reason': 'mine' },
        ...(method === 'POST' && { body: {} }),
      });
    expectRefusal(await ask(mightiest.plaintext), 403, 'FORBIDDEN', rest ?? '');
    expectRefusal(await ask(host.plaintext), 403, 'FORBIDDEN', rest ?? '');
    expectRefusal(await ask(revoked.plaintext), 401, 'INVALID_TOKEN', rest ?? '');
    expectRefusal(await ask(`${mightiest.plaintext.slice(0, -1)}_`), 401, 'INVALID_TOKEN', rest ?? '');
    expectRefusal(await requestJson(app.url + path, { method }), 401, 'AUTHENTICATION_REQUIRED', rest ?? '');
  }
  const both = await requestJson(`${app.url}/admin/organizations`, {
    key: ADMIN_TOKEN,
    headers: { 'x-api-key': mightiest.plaintext, 'x-break-glass-reason': 'x' },
  });
  expectRefusal(both, 400, 'MALFORMED_CREDENTIALS');
  const organizations = await app.services.store.organizations.list({ limit: 100 });
  expect(organizations.map(({ status }) => status)).toEqual(['active', 'active']);
  const [row] = (await app.audit()).filter(({ errorCode }) => errorCode === 'FORBIDDEN').reverse();
  expect(row).toMatchObject({ organizationId: app.acme.id, keyId: mightiest.id });
});

test('where none is set, nothing is the admin token', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const path of ['/admin/organizations', '/v1/keys', '/v1/whoami']) {
    const answer = await asOperator(app, path, { organizationId: app.acme.id });
    expectRefusal(answer, 401, 'INVALID_TOKEN', path);
    expectRefusal(await asOperator(app, path, { token: 'null' }), 401, 'INVALID_TOKEN', path);
  }
});

test('a secret in the wrong place is in no row of the audit and no line of the log', async () => {
  const app = await startTwoTenants({ seed: false, env });
  const { code } = app.services.bootstrap;
  for (const secret of [ADMIN_TOKEN, code]) {
    await asOperator(app, '/admin/organizations', { reason: `mine is ${secret}` });
    await asOperator(app, `/admin/organizations/${secret}`, { method: 'DELETE' });
    await asOperator(app, `/v1/keys/${encodeURIComponent(secret)}%2e`, { organizationId: app.acme.id });
    await requestJson(`${app.url}/v1/whoami`, {
      headers: { 'x-on-behalf-of': secret, 'user-agent': secret },
    });
  }
  const kept = JSON.stringify(await app.audit()) + app.log.join('');
  expect(kept).toContain('[secret]');
  for (const secret of [ADMIN_TOKEN, code]) expect(kept).not.toContain(secret);
});
