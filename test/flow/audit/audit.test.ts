import { expect, test } from 'vitest';
import { auditLine } from '../../../src/audit/audit-event.ts';
import { verifyChain } from '../../../src/audit/chain/verify.ts';
import { AppError } from '../../../src/errors.ts';
import { writeRefusalSummary } from '../../../src/server/housekeeping.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const accept = { accept: 'application/json, text/event-stream' };

test('every request leaves exactly one row, for every question and every end', async () => {
  const app = await startTwoTenants();
  const key = app.acme.defaultKey;
  const before = (await app.audit()).length;
  const requests = [
    () => callTool(app.url, key, 'search_agents', { query: 'nurse' }),
    () => callTool(app.url, key, 'search_agents', { nonsense: 1 }),
    () => callTool(app.url, key, 'get_agent', { agent_id: 'agt_nobody' }),
    () => callTool(app.url, key, 'mint_key', { scope_type: 'global', name: 'x' }),
    () => callTool(app.url, key, 'no_such_tool'),
    () => rpc(app.url, key, 'tools/list'),
    () => rpc(app.url, key, 'server/discover'),
    () => rpc(app.url, key, 'no/such/method'),
    () => rpc(app.url, key, 'subscriptions/listen'),
    () => rpc(app.url, undefined, 'tools/list'),
    () => rpc(app.url, 'tnt_wrong', 'tools/list'),
    () => requestJson(`${app.url}/mcp`, { key, body: '{' }),
    () => requestJson(`${app.url}/mcp`, { key, body: [] }),
    () =>
      requestJson(`${app.url}/mcp`, {
        key,
        headers: accept,
        body: { jsonrpc: '2.0', method: 'notifications/initialized' },
      }),
    () => requestJson(`${app.url}/v1/agents/search?limit=1`, { key }),
    () => requestJson(`${app.url}/v1/agents/search?limit=0`, { key }),
    () => requestJson(`${app.url}/org/tokens`, { key }),
  ];
  const ids: string[] = [];
  for (const request of requests) {
    const { headers } = await request();
    ids.push(headers.get('x-request-id') ?? '');
  }
  const rows = (await app.audit()).slice(0, -before).reverse();
  expect(rows.map(({ requestId }) => requestId)).toEqual(ids);
  expect(new Set(ids).size).toBe(requests.length);
  expect(rows.map(({ status, errorCode }) => [status, errorCode])).toEqual([
    [200, null],
    [200, 'VALIDATION_ERROR'],
    [200, 'NOT_FOUND'],
    [403, 'INSUFFICIENT_SCOPE'],
    [200, 'UNKNOWN_TOOL'],
    [200, null],
    [200, null],
    [404, 'METHOD_NOT_FOUND'],
    [404, 'METHOD_NOT_FOUND'],
    [401, 'AUTHENTICATION_REQUIRED'],
    [401, 'INVALID_TOKEN'],
    [400, 'PARSE_ERROR'],
    [400, 'BATCH_NOT_SUPPORTED'],
    [202, null],
    [200, null],
    [400, 'VALIDATION_ERROR'],
    [403, 'INSUFFICIENT_SCOPE'],
  ]);
});

test('a change of a key that is not there leaves its row too, as an organisation asks it and as the operator', async () => {
  const app = await startTwoTenants({ seed: false, env: { ADMIN_TOKEN } });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const { id: foreign } = await app.mint(app.bolt);
  for (const id of ['key_01ARZ3NDEKTSV4RRFFQ69G5FAV', foreign]) {
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'x' }],
      ['POST', '/rotate', {}],
      ['DELETE', '', undefined],
    ] as const) {
      const answers = [
        await requestJson(`${app.url}/v1/keys/${id}${path}`, { method, key, body }),
        await asOperator(app, `/admin/host-keys/${id}${path}`, { method, body }),
      ];
      for (const { status, headers } of answers) {
        const rows = await app.audit(5);
        const own = rows.filter(({ requestId }) => requestId === headers.get('x-request-id'));
        expect([method, status, ...own.map(({ errorCode }) => errorCode)]).toEqual([
          method,
          404,
          'KEY_NOT_FOUND',
        ]);
      }
    }
  }
});

test('a row says who asked what, for whom, from where and how long it took', async () => {
  const app = await startTwoTenants();
  await callTool(app.url, app.acme.defaultKey, 'search_agents', {}, { 'x-on-behalf-of': 'job:nightly' });
  const [row] = await app.audit(1);
  expect(row).toMatchObject({
    kind: 'call',
    organizationId: app.acme.id,
    tier: 'organization-key',
    keyPrefix: app.acme.defaultKey.slice(0, 12),
    createdBy: 'cli',
    onBehalfOf: 'job:nightly',
    method: 'POST',
    target: '/mcp tools/call',
    tool: 'search_agents',
    status: 200,
    errorCode: null,
    clientAddress: '127.0.0.1',
    clientName: 'raw-test',
    era: '2026',
  });
  expect(row?.durationMs).toBeGreaterThanOrEqual(0);
  const line = row === undefined ? '' : auditLine({ ...row, durationMs: 3 });
  expect(line).toBe(
    `org-token:${app.acme.defaultKey.slice(0, 12)} POST /mcp tools/call search_agents 200 3ms`,
  );
});

test('what a client says of itself cannot forge a line or keep a key', async () => {
  const app = await startTwoTenants({ seed: false });
  const stray = (await app.mint(app.acme)).plaintext;
  const headers = { 'x-on-behalf-of': `job ${stray} x`, 'user-agent': `agent Bearer%20${stray}` };
  await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey, headers });
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ onBehalfOf: 'job [key] x', clientName: 'agent Bearer%20[key]' });
  const client = { name: 'a\nforged org-token:x\u2028\u001b[31m', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: client };
  const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params };
  await requestJson(`${app.url}/mcp`, { key: app.acme.defaultKey, headers: accept, body });
  const [handshake] = await app.audit(1);
  expect(handshake?.clientName).toBe('a?forged org-token:x??[31m');
});

test('an answer leaves only after its row is in; where that fails it is a 503, and nothing is shown', async () => {
  const app = await startTwoTenants();
  app.services.store.audit.append = async () => {
    throw new AppError('STORE_UNAVAILABLE');
  };
  const onMcp = await callTool(app.url, app.acme.defaultKey, 'search_agents', {});
  const onRest = await requestJson(`${app.url}/v1/agents/search`, { key: app.acme.defaultKey });
  expect([onMcp.status, onMcp.body.error.data.code]).toEqual([503, 'STORE_UNAVAILABLE']);
  expect([onRest.status, onRest.body.error.code]).toEqual([503, 'STORE_UNAVAILABLE']);
  expect(onMcp.text + onRest.text).not.toContain('agt_');
  expect(onRest.headers.get('retry-after')).toBe('1');
});

test('a mutation and its row are one: what the row says was made is there', async () => {
  const app = await startTwoTenants({ seed: false });
  const manager = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const body = { scope_type: 'global', name: 'x', scopes: [] };
  const minted = await requestJson(`${app.url}/v1/keys`, { key: manager.plaintext, body });
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ tool: 'mint_key', status: 201, requestId: minted.headers.get('x-request-id') });
  expect(JSON.parse(row?.change ?? '')).toMatchObject({
    minted: minted.body.key.id,
    prefix: minted.body.key.prefix,
    scopes: [],
  });
});

test('a write that leaves the store is announced before, and its closing row answers the announcement', async () => {
  const app = await startTwoTenants();
  const key = (await app.mint(app.acme, { scopes: ['research_group:write', 'agent:search'] })).plaintext;
  const found = await requestJson(`${app.url}/v1/agents/search?limit=1`, { key });
  app.sent.length = 0;
  const order: string[] = [];
  const append = app.services.store.audit.append;
  app.services.store.audit.append = async (row) => {
    await append(row);
    order.push(row.kind, `sent ${app.sent.length}`);
  };
  const body = { name: 'Night nurses', agent_ids: [found.body.agents[0].agent_id] };
  const made = await requestJson(`${app.url}/v1/research-groups`, { key, body });
  const [closing, intent] = await app.audit(2);
  expect([closing?.kind, intent?.kind]).toEqual(['call', 'intent']);
  expect(closing?.requestId).toBe(intent?.requestId);
  expect([made.status, order]).toEqual([201, ['intent', 'sent 0', 'call', 'sent 1']]);
  expect((await verifyChain(app.services.store.audit)).openIntents).toEqual([]);
});

test('a write that was announced and never closed is reported', async () => {
  const app = await startTwoTenants({
    fakeReply: ({ method }) => {
      if (method === 'POST') throw new AppError('DOWNSTREAM_FAILED');
      return undefined;
    },
  });
  const key = (await app.mint(app.acme, { scopes: ['research_group:write'] })).plaintext;
  const append = app.services.store.audit.append;
  app.services.store.audit.append = async (row) => {
    if (row.kind === 'call') throw new AppError('STORE_UNAVAILABLE');
    await append(row);
  };
  const answer = await requestJson(`${app.url}/v1/research-groups`, {
    key,
    body: { name: 'x', agent_ids: ['agt_01ARZ3NDEKTSV4RRFFQ69G5FAV'] },
  });
  expect(answer.status).toBe(503);
  const report = await verifyChain(app.services.store.audit);
  expect(report).toMatchObject({ ok: true, openIntents: [(await app.audit(1))[0]?.requestId] });
});

test('refused credentials are written up to a limit and counted beyond it; valid keys never meet it', async () => {
  const app = await startTwoTenants({ seed: false });
  const before = (await app.audit(1000)).length;
  const answers = new Set<string>();
  for (let index = 0; index < 30; index += 1) {
    const answer = await rpc(app.url, 'tnt_nobody', 'tools/list');
    answers.add(`${answer.status} ${answer.text.replace(answer.body.error.data.request_id, '')}`);
  }
  expect(answers.size).toBe(1);
  expect((await app.audit(1000)).length - before).toBe(20);
  for (let index = 0; index < 5; index += 1) await rpc(app.url, app.acme.defaultKey, 'tools/list');
  expect((await app.audit(1000)).length - before).toBe(25);
  await writeRefusalSummary(app.services);
  const [summary] = await app.audit(1);
  expect(summary).toMatchObject({ kind: 'summary', change: '{"unwritten":10}', organizationId: null });
  app.advance(60_000);
  await rpc(app.url, 'tnt_nobody', 'tools/list');
  expect((await app.audit(1))[0]).toMatchObject({ kind: 'call', errorCode: 'INVALID_TOKEN' });
});

test('an organisation reads its own rows only, filtered and in pages', async () => {
  const app = await startTwoTenants({ seed: false });
  const reader = (await app.mint(app.acme, { scopes: ['audit:read'] })).plaintext;
  for (let index = 0; index < 3; index += 1) {
    await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey });
    await requestJson(`${app.url}/v1/whoami`, { key: app.bolt.defaultKey });
  }
  await rpc(app.url, 'tnt_nobody', 'tools/list');
  const read = async (query: string) =>
    (await requestJson(`${app.url}/v1/audit?${query}`, { key: reader })).body;
  const all = await read('limit=100');
  expect(
    all.events.every((event: { organization_id: string }) => event.organization_id === app.acme.id),
  ).toBe(true);
  const mine = await read(`tool=whoami&key_prefix=${app.acme.defaultKey.slice(0, 12)}&limit=2`);
  expect(mine.events).toHaveLength(2);
  const rest = await read(
    `tool=whoami&key_prefix=${app.acme.defaultKey.slice(0, 12)}&limit=2&cursor=${mine.next_cursor}`,
  );
  expect([rest.events.length, rest.next_cursor]).toEqual([1, null]);
  expect((await read('code=INVALID_TOKEN')).events).toEqual([]);
  expect((await read('until=2020-01-01T00:00:00Z')).events).toEqual([]);
});

test('the chain of a lived-in store verifies', async () => {
  const app = await startTwoTenants({ seed: false });
  await Promise.all(
    Array.from({ length: 50 }, () => requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey })),
  );
  const report = await verifyChain(app.services.store.audit);
  expect(report).toMatchObject({ ok: true, rows: 52, problem: null });
});
