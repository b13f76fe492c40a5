import { expect, test } from 'vitest';
import { callFor, grant, outcomeOf, startHost } from '../../support/host-calls.ts';
import { requestJson, rpc } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { setStatus } from '../../support/organization-status.ts';
import { bearer, protocols, type RawHeader, rawSearch } from '../../support/raw-http.ts';
import { bytesOf, expectRefusal, organizationsIn } from '../../support/refusal.ts';
import { startTwoTenants, type Tenant } from '../../support/start-app.ts';

const UNKNOWN_ID = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('each request speaks for the organisation that it names, by header or by URL', async () => {
  const app = await startHost();
  const key = app.host.plaintext;
  for (const { id } of [app.acme, app.bolt, app.acme]) {
    const headers: RawHeader[] = [bearer(key), ['X-Organization-Id', id]];
    for (const protocol of protocols) expect((await rawSearch(app.port, protocol, headers)).status).toBe(200);
    expect((await rawSearch(app.port, 'mcp', [bearer(key)], `/o/${id}/mcp`)).status).toBe(200);
    expect((await rawSearch(app.port, 'mcp', headers, `/o/${id}/mcp`)).status).toBe(200);
  }
  const { id: acme } = app.acme;
  const { id: bolt } = app.bolt;
  const each = protocols.length + 2;
  expect(organizationsIn(app.sent)).toEqual([acme, bolt, acme].flatMap((id) => Array<string>(each).fill(id)));
});

test('without a name there is no organisation: 403 on MCP, 400 on REST, and none is chosen', async () => {
  const app = await startHost();
  const one = await app.mintHost([app.acme]);
  for (const key of [app.host.plaintext, one.plaintext]) {
    for (const protocol of protocols) {
      const answer = await rawSearch(app.port, protocol, [bearer(key)]);
      expectRefusal(answer, protocol === 'rest' ? 400 : 403, 'ORGANIZATION_REQUIRED', protocol);
    }
    expect((await rpc(app.url, key, 'tools/list')).body.error.code).toBe(40302);
  }
  expect(app.sent).toEqual([]);
});

test('an organisation that is not granted is as unknown as one that does not exist', async () => {
  const app = await startHost();
  const closed = await app.provision('Closed');
  await grant(app, app.host.id, { add: [closed] });
  await setStatus(app, closed, 'deleted');
  for (const protocol of protocols) {
    const answers = new Set<string>();
    for (const id of [app.cato.id, closed.id, UNKNOWN_ID]) {
      const answer = await rawSearch(app.port, protocol, [
        bearer(app.host.plaintext),
        ['X-Organization-Id', id],
      ]);
      expectRefusal(answer, 403, 'ORGANIZATION_MISMATCH', `${protocol} ${id}`);
      answers.add(JSON.stringify(bytesOf(answer)));
    }
    expect(answers.size).toBe(1);
  }
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ organizationId: null, tier: 'host-key', keyPrefix: app.host.prefix });
  expect(row?.target).toContain(`organization=${UNKNOWN_ID}`);
  expect(app.sent).toEqual([]);
});

test('header and URL must agree, and a malformed or doubled one is refused', async () => {
  const app = await startHost();
  const { acme, bolt, host } = app;
  const key = bearer(host.plaintext);
  const both = await rawSearch(app.port, 'mcp', [key, ['X-Organization-Id', acme.id]], `/o/${bolt.id}/mcp`);
  expectRefusal(both, 403, 'ORGANIZATION_MISMATCH');
  for (const value of ['', 'x', acme.id.toLowerCase(), `${acme.id},${bolt.id}`]) {
    const answer = await rawSearch(app.port, 'mcp', [key, ['X-Organization-Id', value]]);
    expectRefusal(answer, 400, 'INVALID_ORGANIZATION_HEADER', value);
  }
  const doubled: RawHeader[] = [key, ['X-Organization-Id', acme.id], ['X-Organization-Id', bolt.id]];
  expectRefusal(await rawSearch(app.port, 'mcp', doubled), 400, 'INVALID_ORGANIZATION_HEADER');
  expect(app.sent).toEqual([]);
});

test('it is never an admin: with any scopes it lists, makes, changes and ends no key', async () => {
  const scopes = { canonical: ['key:read', 'key:write', 'member:write', 'agent:search'] };
  const app = await startHost({ config: { scopes } });
  for (const scope of ['key:read', 'key:write', 'member:write']) {
    const refused = app.mintHost([app.acme], { scopes: [scope] });
    await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  }
  expect(app.host.scopes).toEqual(scopes.canonical);
  const headers = { 'x-organization-id': app.acme.id };
  const own = await app.mint(app.acme, { scopes: [] });
  const attempts = [
    ['GET', '/v1/keys'],
    ['GET', `/v1/keys/${own.id}`],
    ['GET', '/v1/keys/review'],
    ['POST', '/v1/keys', { scope_type: 'global', name: 'x' }],
    ['POST', `/v1/keys/${own.id}/rotate`, {}],
    ['PATCH', `/v1/keys/${own.id}`, { name: 'x' }],
    ['DELETE', `/v1/keys/${own.id}`],
    ['POST', '/org/tokens', { name: 'x' }],
    ['GET', '/org/tokens'],
    ['DELETE', `/org/tokens/${own.id}`],
    ['POST', '/v1/members', { name: 'x', role: 'admin' }],
    ['POST', '/v1/groups', { name: 'x', permissions: [] }],
  ] as const;
  for (const [method, path, body] of attempts) {
    const answer = await requestJson(app.url + path, { method, key: app.host.plaintext, headers, body });
    expectRefusal(answer, 403, 'INSUFFICIENT_SCOPE', `${method} ${path}`);
  }
  const { body } = await callFor(app, app.host.plaintext, app.acme.id);
  expect(body.result.structuredContent).toMatchObject({
    scopes: ['agent:search'],
    key: { scope_type: 'host', key_id: app.host.id },
  });
});

test('the keys of the operator are in no organisation: not listed, not found, not changed', async () => {
  const app = await startHost();
  const admin = await app.mint(app.acme, { additionalScopes: ['key:read', 'key:write'] });
  const listed = await requestJson(`${app.url}/v1/keys?limit=100`, { key: admin.plaintext });
  expect(listed.body.keys.map(({ id }: { id: string }) => id)).not.toContain(app.host.id);
  const absent = await requestJson(`${app.url}/v1/keys/key_01ARZ3NDEKTSV4RRFFQ69G5FAV`, {
    key: admin.plaintext,
  });
  for (const [method, suffix, body] of [
    ['GET', ''],
    ['POST', '/rotate', {}],
    ['PATCH', '', { name: 'x' }],
    ['DELETE', ''],
  ] as const) {
    const path = `${app.url}/v1/keys/${app.host.id}${suffix}`;
    const answer = await requestJson(path, { method, key: admin.plaintext, body });
    expectRefusal(answer, 404, 'KEY_NOT_FOUND', method);
    if (method === 'GET') expect(bytesOf(answer)).toEqual(bytesOf(absent));
  }
  const minted = await requestJson(`${app.url}/v1/keys`, {
    key: admin.plaintext,
    body: { scope_type: 'host', name: 'x' },
  });
  expectRefusal(minted, 403, 'HOST_KEY_OPERATOR_ONLY');
  expect(outcomeOf(await callFor(app, app.host.plaintext, app.acme.id))).toBe(app.acme.id);
});

test('a list of tools is kept by no client, since it belongs to one organisation of several', async () => {
  const app = await startHost();
  const list = (key: string) => rpc(app.url, key, 'tools/list', {}, { 'x-organization-id': app.acme.id });
  expect((await list(app.host.plaintext)).body.result).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
  expect((await list(app.acme.defaultKey)).body.result.ttlMs).toBeGreaterThan(0);
});

test('a cursor is of use for the organisation that it was made for, and no other', async () => {
  const app = await startTwoTenants();
  const host = await app.mintHost([app.acme, app.bolt]);
  const search = (id: string, more: object = {}) =>
    callFor(app, host.plaintext, id, 'search_agents', { query: 'nurse', limit: 2, ...more });
  const cursor = (await search(app.acme.id)).body.result.structuredContent.next_cursor;
  expect(typeof cursor).toBe('string');
  expect(outcomeOf(await search(app.bolt.id, { cursor }))).toBe('INVALID_CURSOR');
  expect((await search(app.acme.id, { cursor })).body.result.structuredContent.agents).toHaveLength(2);
});

test('the audit shows each call to its organisation, and what named none to the operator alone', async () => {
  const app = await startHost();
  await callFor(app, app.host.plaintext, app.bolt.id);
  // A valid key never meets the limit on refusals: each of these is written.
  for (let count = 0; count < 30; count += 1) await callFor(app, app.host.plaintext, null);
  const speaker = { tier: 'host-key', keyId: app.host.id, keyPrefix: app.host.prefix, createdBy: 'cli' };
  const { audit } = app.services.store;
  const ofBolt = await audit.list(app.bolt.id, { keyPrefix: app.host.prefix }, { limit: 100 });
  expect(ofBolt).toMatchObject([{ ...speaker, organizationId: app.bolt.id, tool: 'whoami', status: 200 }]);
  expect(await audit.list(app.acme.id, { keyPrefix: app.host.prefix }, { limit: 100 })).toEqual([]);
  const nobody = (await app.audit(100)).filter(({ errorCode }) => errorCode === 'ORGANIZATION_REQUIRED');
  expect(nobody).toHaveLength(30);
  for (const row of nobody) expect(row).toMatchObject({ ...speaker, organizationId: null });
});

test('over stdio the environment names the organisation, and nothing does it instead', async () => {
  const app = await startHost();
  const apiKey = app.host.plaintext;
  const named = serveLines(app, { apiKey, organizationId: app.bolt.id });
  await named.handshake();
  const answer = await named.callTool(1, 'whoami');
  expect(answer).toMatchObject({ result: { structuredContent: { organization: { name: 'Bolt Labs' } } } });
  const unnamed = serveLines(app, { apiKey });
  expect(await unnamed.request(1, 'tools/list')).toMatchObject({
    error: { code: 40302, data: { code: 'ORGANIZATION_REQUIRED' } },
  });
});

test('a busy organisation uses up its own share of a host key, and no other', async () => {
  const app = await startHost({ config: { limits: { requestsPerMinutePerKey: 5 } } });
  const ask = async ({ id }: Tenant) => outcomeOf(await callFor(app, app.host.plaintext, id));
  for (let count = 0; count < 5; count += 1) expect(await ask(app.acme)).toBe(app.acme.id);
  expect(await ask(app.acme)).toBe('RATE_LIMITED');
  expect(await ask(app.bolt)).toBe(app.bolt.id);
});

test('calls for many organisations at once, all with the same JSON-RPC id, never meet', async () => {
  const app = await startTwoTenants({ seed: false });
  const tenants = [app.acme, app.bolt];
  for (let count = 0; count < 18; count += 1) tenants.push(await app.provision(`Tenant ${count}`));
  const host = await app.mintHost(tenants);
  const calls = Array.from({ length: 400 }, (_, index) => tenants[(index * 7) % tenants.length] ?? app.acme);
  const answers = await Promise.all(
    calls.map(async ({ id }) => outcomeOf(await callFor(app, host.plaintext, id))),
  );
  expect(answers).toEqual(calls.map(({ id }) => id));
});
