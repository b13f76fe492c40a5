import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { provisionOrganization } from '../../../src/provisioning/provision.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const legacy = { accept: 'application/json, text/event-stream' };

test('an organisation cannot be given an external id that reads like an id of ours', async () => {
  const app = await startTwoTenants({ seed: false });
  const { organizations } = app.services.store;
  for (const externalId of [app.acme.id, 'org_', ' ORG_x', 'ORG_x', 'x ', '', 'ü', 'x'.repeat(201)]) {
    const request = { name: 'Evil', externalId, createdBy: 'cli' };
    const row = () => {
      throw new Error('nothing may be written');
    };
    const deps = { organizations, format: app.services.mintRules.format, now: app.now };
    await expect(provisionOrganization(request, row, deps)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  }
  expect(await organizations.list({ limit: 100 })).toHaveLength(2);
});

test('a restricted key mints no key that may do more than itself', async () => {
  const app = await startTwoTenants({ seed: false });
  const restrictions = { tools: ['mint_key', 'whoami'], addresses: ['127.0.0.0/8'] };
  const parent = await app.mint(app.acme, { scopes: ['key:write'], restrictions });
  const mint = (body: object) =>
    requestJson(`${app.url}/v1/keys`, {
      key: parent.plaintext,
      body: { scope_type: 'global', name: 'child', scopes: ['agent:search'], ...body },
    });
  const inherited = await mint({});
  expect(inherited.body.key.restrictions).toEqual(restrictions);
  const child = await callTool(app.url, inherited.body.auth_token, 'search_agents');
  expect([child.status, child.body.error.data.code]).toEqual([403, 'KEY_RESTRICTED']);
  const narrower = await mint({ restrictions: { tools: ['whoami'] } });
  expect(narrower.body.key.restrictions).toEqual({ tools: ['whoami'], addresses: ['127.0.0.0/8'] });
  for (const wider of [{ tools: ['search_agents'] }, { addresses: ['0.0.0.0/0'] }]) {
    const answer = await mint({ restrictions: wider });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'SCOPE_ESCALATION']);
  }
  const [row] = (await app.audit()).filter(({ change }) => change?.includes(inherited.body.key.id));
  expect(JSON.parse(row?.change ?? '')).toMatchObject({
    name: 'child',
    scopes: ['agent:search'],
    restrictions,
  });
});

test('a key in a path is not kept, however it is encoded', async () => {
  const app = await startTwoTenants({ seed: false, config: { logLevel: 'debug' } });
  const { plaintext } = await app.mint(app.acme);
  const encoded = [
    plaintext.replaceAll('_', '%5F'),
    plaintext.replaceAll('_', '%255f'),
    [...plaintext].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
  ];
  for (const text of encoded) await requestJson(`${app.url}/v1/agents/${text}`, { key: app.acme.defaultKey });
  const kept = (await app.audit(3)).map(({ target }) => target);
  expect(kept).toEqual(Array(3).fill('/v1/agents/[key]'));
  const secret = plaintext.slice(13);
  expect(app.log.join('').includes(secret)).toBe(false);
});

test('a name that occurs twice in one object is refused, and nothing runs', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const onRest = await requestJson(`${app.url}/v1/keys`, {
    key,
    body: '{"scope_type":"user","scope_type":"global","name":"dup"}',
  });
  expect([onRest.status, onRest.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  for (const params of [
    '{"name":"whoami","name":"list_keys"}',
    '{"name":"whoami","n\\u0061me":"list_keys"}',
    '{"name":"whoami","arguments":{},"arguments":{}}',
  ]) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
    const onMcp = await requestJson(`${app.url}/mcp`, { key, headers: legacy, body });
    expect([onMcp.status, onMcp.body.error.data.code]).toEqual([400, 'INVALID_REQUEST']);
  }
  const colons = { scope_type: 'global', name: 'a:b', purpose: '{"x":1,"x":2}', scopes: [] };
  expect((await requestJson(`${app.url}/v1/keys`, { key, body: colons })).status).toBe(201);
});

test('what the SDK refuses is said in our words, not in those of an exception', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const send = (message: object, headers: Record<string, string> = legacy) =>
    requestJson(`${app.url}/mcp`, { key, headers, body: { jsonrpc: '2.0', id: 1, ...message } });
  const answers = [
    await send({ method: 'initialize', params: {} }),
    await send({ method: 'initialize', params: { protocolVersion: 1, capabilities: {}, clientInfo: {} } }),
    await send({ method: 'initialize', params: { protocolVersion: 'x', capabilities: {}, clientInfo: {} } }),
    await send({ method: 'tools/call', params: { name: 'whoami', arguments: 7 } }),
    await send({ method: 'tools/call', params: { name: 'whoami', arguments: [] } }),
    await send({ method: 'tools/call', params: { name: 'whoami', _meta: { progressToken: {} } } }),
    await send({ method: 'tools/list', params: { cursor: 7 } }),
    await send({ method: 'tools/list' }, { accept: 'text/html' }),
    await rpc(app.url, key, 'tools/list', { cursor: 7 }),
  ];
  for (const { body, text, headers } of answers) {
    expect(text).not.toMatch(/zod|expected|invalid_type|\\"path\\"/i);
    expect(body.error.data.request_id).toBe(headers.get('x-request-id'));
    expect(body.error.data.code).not.toBe('INTERNAL');
    expect(body.error.code < -32000 && body.error.code > -32020).toBe(false);
  }
});

test('what a client calls its method cannot read like a part of the audit line', async () => {
  const app = await startTwoTenants({ seed: false });
  await rpc(
    app.url,
    app.acme.defaultKey,
    'tools/call whoami 200 3ms organization=org_x',
    {},
    { 'mcp-method': 'x' },
  );
  expect((await app.audit(1))[0]?.target).toBe('/mcp ?');
});

test('refusals without a credential stay limited while the server is full', async () => {
  const app = await startTwoTenants({ seed: false });
  app.app.inFlight.requireRoom = () => {
    throw new AppError('OVERLOADED');
  };
  const before = (await app.audit(1000)).length;
  for (let count = 0; count < 40; count += 1) await requestJson(`${app.url}/v1/whoami`);
  expect((await app.audit(1000)).length - before).toBe(20);
});

test('an organisation is not told how busy the others are', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['audit:read'] });
  const { body } = await requestJson(`${app.url}/v1/audit`, { key });
  expect(Object.keys(body.events[0])).not.toContain('seq');
  expect(Object.keys(body.events[0])).not.toContain('hash');
});

test('a document with a credential is a request like any other: limited and audited', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { requestsPerMinutePerKey: 1 } } });
  const get = (headers: Record<string, string> = {}) => requestJson(`${app.url}/openapi.json`, { headers });
  const own = { authorization: `Bearer ${app.acme.defaultKey}` };
  expect((await get(own)).status).toBe(200);
  expect((await get(own)).status).toBe(429);
  expect((await app.audit(2)).map(({ status, target }) => [status, target])).toEqual([
    [429, '/openapi.json'],
    [200, '/openapi.json'],
  ]);
  expect((await get({ authorization: 'Basic eDp5' })).status).toBe(200);
});

test('a forwarded address is believed from a trusted proxy alone, and an unreadable one is nobody’s', async () => {
  const seen = async (trustedProxies: string[], forwarded: string) => {
    const app = await startTwoTenants({ seed: false, config: { server: { trustedProxies } } });
    const headers = { 'x-forwarded-for': forwarded };
    await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey, headers });
    return (await app.audit(1))[0]?.clientAddress;
  };
  expect(await seen([], '192.0.2.7')).toBe('127.0.0.1');
  expect(await seen(['127.0.0.1'], '192.0.2.7')).toBe('192.0.2.7');
  expect(await seen(['127.0.0.0/8'], '198.51.100.9, 192.0.2.7')).toBe('192.0.2.7');
  expect(await seen(['127.0.0.1', '192.0.2.0/24'], '198.51.100.9, 192.0.2.7')).toBe('198.51.100.9');
  expect(await seen(['127.0.0.1'], '1.2.3.4:55')).toBe(null);
  expect(await seen(['127.0.0.1'], '::ffff:192.0.2.7')).toBe('192.0.2.7');
});

test('a store that is busy for a moment costs a client on stdio an answer, not its server', async () => {
  const app = await startTwoTenants({ seed: false });
  const client = serveLines(app, { apiKey: app.acme.defaultKey });
  await client.handshake();
  const { audit } = app.services.store;
  const append = audit.append;
  audit.append = async () => {
    throw new AppError('STORE_BUSY');
  };
  const refused = await client.callTool(1, 'mint_key', { scope_type: 'global', name: 'x' });
  const unwritten = await client.callTool(2, 'whoami');
  expect([refused.error.data.code, unwritten.error.data.code]).toEqual(['STORE_BUSY', 'STORE_BUSY']);
  audit.append = append;
  expect((await client.callTool(3, 'whoami')).result.structuredContent.organization.name).toBe(
    'Acme Research',
  );
});
