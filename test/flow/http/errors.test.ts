import { expect, test } from 'vitest';
import { callTool, envelope, type JsonAnswer, requestJson, rpc } from '../../support/http.ts';
import { bearer, mcpBody, mcpHeaders, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

/** As a client of the older era asks, whose requests carry no envelope. */
const legacy = (app: TestApp, key: string, method: string, params: object = {}): Promise<JsonAnswer> =>
  requestJson(`${app.url}/mcp`, {
    key,
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    body: { jsonrpc: '2.0', id: 'q', method, params },
  });

const codeInAudit = async (app: TestApp) => {
  const [row] = await app.audit(1);
  return [row?.status, row?.errorCode];
};

test('an unknown method is 404 in the 2026 era, and a JSON-RPC error in the older one', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  for (const method of ['nowhere/x', 'tools/delete', 'TOOLS/LIST', 'constructor', '', 'initialize', 'ping']) {
    const answer = await rpc(app.url, key, method);
    expectRefusal(answer, 404, 'METHOD_NOT_FOUND', method);
    expect(answer.body).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32601 } });
    expect(await codeInAudit(app)).toEqual([404, 'METHOD_NOT_FOUND']);
  }
  for (const method of ['nowhere/x', 'prompts/list', 'server/discover']) {
    const answer = await legacy(app, key, method);
    expectRefusal(answer, 200, 'METHOD_NOT_FOUND', method);
    expect(answer.body).toMatchObject({ id: 'q', error: { code: -32601 } });
    expect(await codeInAudit(app)).toEqual([200, 'METHOD_NOT_FOUND']);
  }
});

test('nobody can listen to what concerns all organisations', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const params = { notifications: { toolsListChanged: true } };
  const answers = [
    await rpc(app.url, key, 'subscriptions/listen', params),
    await legacy(app, key, 'subscriptions/listen', params),
  ];
  for (const answer of answers) {
    expectRefusal(answer, 404, 'METHOD_NOT_FOUND');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.body).toMatchObject({ error: { code: -32601 } });
  }
  expect(answers.map(({ body }) => body.id)).toEqual([1, 'q']);
  expect(await codeInAudit(app)).toEqual([404, 'METHOD_NOT_FOUND']);
  const list = await legacy(app, key, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  });
  expect(list.body.result.capabilities.tools.listChanged ?? false).toBe(false);
});

test('where header and body disagree the SDK’s refusal carries our code and request id', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const call = { name: 'whoami', arguments: {} };
  const cases: [string, Record<string, string>][] = [
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another name', { 'mcp-name': 'search_agents' }],
    ['another version', { 'mcp-protocol-version': '2025-11-25' }],
    ['no name', { 'mcp-name': '' }],
  ];
  for (const [label, headers] of cases) {
    const answer = await rpc(app.url, key, 'tools/call', call, headers);
    expectRefusal(answer, 400, 'HEADER_MISMATCH', label);
    expect(answer.body).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32020 } });
    expect(await codeInAudit(app)).toEqual([400, 'HEADER_MISMATCH']);
  }
  const bare = await requestJson(`${app.url}/mcp`, { key, body: mcpBody('tools/call', call) });
  expectRefusal(bare, 400, 'HEADER_MISMATCH');
});

test('what the SDK quotes of a request it quotes without a key', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const named = (name: string) => ({ name, arguments: {} });
  const answers = [
    await rpc(app.url, key, 'resources/read', { uri: `agent://${key}` }, { 'mcp-name': '' }),
    await rpc(app.url, key, 'tools/call', named('whoami'), { 'mcp-name': key }),
    await rpc(app.url, key, 'tools/list', {}, { 'mcp-method': key }),
    await rpc(app.url, key, 'tools/list', {}, { 'mcp-protocol-version': key }),
  ];
  for (const answer of answers) {
    expect(answer.body.error.data.code).toMatch(/^(?:HEADER_MISMATCH|UNSUPPORTED_PROTOCOL_VERSION)$/);
    expect(answer.text).not.toContain(key.slice(13));
  }
  expect(answers[0]?.text).toContain('[key]');
});

test('an unknown version is refused with those that there are', async () => {
  const app = await startTwoTenants({ seed: false });
  const version = '2099-01-01';
  const body = mcpBody('tools/list').replace(envelope['io.modelcontextprotocol/protocolVersion'], version);
  const answer = await requestJson(`${app.url}/mcp`, {
    key: app.acme.defaultKey,
    headers: { 'mcp-protocol-version': version, 'mcp-method': 'tools/list' },
    body,
  });
  expectRefusal(answer, 400, 'UNSUPPORTED_PROTOCOL_VERSION');
  expect(answer.body.error.code).toBe(-32022);
  expect(answer.body.error.data).toMatchObject({ supported: ['2026-07-28'], requested: version });
  expect(await codeInAudit(app)).toEqual([400, 'UNSUPPORTED_PROTOCOL_VERSION']);
});

test('what a tool or its arguments cause is 200 on MCP and a status on REST', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { additionalScopes: ['key:read', 'key:write'] });
  const noKey = 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const answers = [
    [
      'VALIDATION_ERROR',
      400,
      await callTool(app.url, key, 'search_agents', { limit: 'x' }),
      '/v1/agents/search?limit=x',
    ],
    ['NOT_FOUND', 404, await callTool(app.url, key, 'get_agent', { agent_id: 'agt_1' }), '/v1/agents/agt_1'],
    ['KEY_NOT_FOUND', 404, await callTool(app.url, key, 'get_key', { key_id: noKey }), `/v1/keys/${noKey}`],
  ] as const;
  for (const [code, status, onMcp, path] of answers) {
    expectRefusal(onMcp, 200, code);
    const { result } = onMcp.body;
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    expect(result.content).toHaveLength(1);
    expect(result.content[0].text).toMatch(new RegExp(`^${code}: .+`));
    const onRest = await requestJson(app.url + path, { key });
    expectRefusal(onRest, status, code);
    expect(Object.keys(onRest.body)).toEqual(['error']);
    expect(onRest.body.error.message).toBeTypeOf('string');
    expect(await codeInAudit(app)).toEqual([status, code]);
  }
});

test('an unknown tool and a bad cursor are JSON-RPC errors on 200', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  for (const ask of [
    (name: string, args: object) => callTool(app.url, key, name, args),
    (name: string, args: object) => legacy(app, key, 'tools/call', { name, arguments: args }),
  ]) {
    for (const name of ['nothing', 'WHOAMI', '', 'constructor', '__proto__', 'create_org_token']) {
      const answer = await ask(name, {});
      expectRefusal(answer, 200, 'UNKNOWN_TOOL', name);
      expect(answer.body.error.code).toBe(-32602);
      expect(await codeInAudit(app)).toEqual([200, 'UNKNOWN_TOOL']);
    }
    for (const cursor of ['x', 'AAAA', '..', 'é', 'A'.repeat(500)]) {
      const answer = await ask('search_agents', { cursor });
      expectRefusal(answer, 200, 'INVALID_CURSOR', cursor);
      expect(answer.body.error.code).toBe(-32602);
      expect(await codeInAudit(app)).toEqual([200, 'INVALID_CURSOR']);
    }
  }
  const onRest = await requestJson(`${app.url}/v1/agents/search?cursor=x`, { key });
  expectRefusal(onRest, 400, 'INVALID_CURSOR');
});

test('every answer has a request id of ours, the one in the audit row, and none that a client sent', async () => {
  const app = await startTwoTenants({ seed: false });
  const sentId = '01890000-0000-7000-8000-000000000000';
  const seen = new Set<string | null>();
  const ask = [
    { target: '/v1/whoami', headers: [bearer(app.acme.defaultKey)] },
    { target: '/v1/whoami', headers: [] },
    {
      method: 'POST',
      target: '/mcp',
      headers: [bearer(app.acme.defaultKey), ...mcpHeaders('tools/list')],
      body: mcpBody('tools/list'),
    },
  ];
  for (const request of ask) {
    const headers = [...request.headers, ['X-Request-Id', sentId] as const];
    const answer = await rawHttp(app.port, { ...request, headers });
    const [row] = await app.audit(1);
    expect(answer.headers.get('x-request-id')).toBe(row?.requestId);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).not.toContain(sentId);
    seen.add(answer.headers.get('x-request-id'));
  }
  expect(seen.size).toBe(ask.length);
});
