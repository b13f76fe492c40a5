import { expect, test } from 'vitest';
import { tools } from '../../../tools/index.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

test('a REST answer is the tool’s own output, the same as on MCP', async () => {
  const app = await startTwoTenants();
  const key = app.acme.defaultKey;
  const onMcp = await callTool(app.url, key, 'search_agents', {
    query: 'teacher',
    min_age: 30,
    tags: [],
    limit: 5,
  });
  const onRest = await requestJson(`${app.url}/v1/agents/search?query=teacher&min_age=30&limit=5`, { key });
  const { next_cursor: _a, ...mcpPage } = onMcp.body.result.structuredContent;
  const { next_cursor: _b, ...restPage } = onRest.body;
  expect(onRest.status).toBe(200);
  expect(restPage).toEqual(mcpPage);
  expect(restPage.agents.length).toBeGreaterThan(0);
});

test('query strings are converted by the declared type only', async () => {
  const app = await startTwoTenants({
    fakeReply: () => ({ status: 200, body: { agents: [], next_cursor: null } }),
  });
  const key = app.acme.defaultKey;
  const search = (query: string) => requestJson(`${app.url}/v1/agents/search?${query}`, { key });
  expect((await search('query=12&min_age=30&tags=1&tags=true')).status).toBe(200);
  expect([...(app.sent[0]?.url.searchParams ?? [])]).toEqual(
    expect.arrayContaining([
      ['query', '12'],
      ['min_age', '30'],
      ['tags', '1'],
      ['tags', 'true'],
    ]),
  );
  for (const query of [
    'min_age=old',
    'min_age=',
    'min_age=1e2',
    'min_age=0x10',
    'limit=101',
    'limit=0',
    'limit=1.5',
    'nonsense=1',
  ]) {
    const answer = await search(query);
    expect([query, answer.status, answer.body.error.code]).toEqual([query, 400, 'VALIDATION_ERROR']);
  }
});

test('an argument that is given twice, or in two places, is refused', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['agent:search', 'key:read', 'key:write'] });
  const requests = [
    requestJson(`${app.url}/v1/agents/search?limit=1&limit=2`, { key }),
    requestJson(`${app.url}/v1/keys/key_01ARZ3NDEKTSV4RRFFQ69G5FAV?key_id=x`, { key }),
    requestJson(`${app.url}/v1/keys?name=x`, { key, body: { scope_type: 'global', name: 'x' } }),
    requestJson(`${app.url}/v1/keys?scope_type=global`, { key, body: { name: 'x' } }),
  ];
  for (const answer of await Promise.all(requests)) {
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  }
});

test('a body that is no object is refused', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write'] });
  for (const body of [[], 'text', 7, null, true]) {
    const answer = await requestJson(`${app.url}/v1/keys`, { key, body: JSON.stringify(body) });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  }
});

test('tricks with prototypes are unknown fields and pollute nothing', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write', 'agent:search'] });
  const answers = await Promise.all([
    requestJson(`${app.url}/v1/keys`, {
      key,
      body: '{"scope_type":"global","name":"x","__proto__":{"polluted":1}}',
    }),
    requestJson(`${app.url}/v1/keys`, {
      key,
      body: '{"scope_type":"global","name":"x","constructor":{"prototype":{}}}',
    }),
    requestJson(`${app.url}/v1/agents/search?__proto__=1`, { key }),
    requestJson(`${app.url}/v1/agents/search?constructor=1&toString=2`, { key }),
  ]);
  for (const answer of answers)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  expect('polluted' in {}).toBe(false);
});

test('a validation error says where and what was expected, never what was sent', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write'] });
  const body = { scope_type: 'global', name: 7, [key]: 1, scopes: `Bearer ${key}` };
  const answer = await requestJson(`${app.url}/v1/keys`, { key, body });
  expect(answer.body.error.code).toBe('VALIDATION_ERROR');
  expect(answer.body.error.issues).toEqual(
    expect.arrayContaining([{ path: 'name', expected: 'expected a text, not a number' }]),
  );
  expect(answer.text).not.toContain(key.slice(13));
});

test('arguments of more values than allowed are refused before they are judged', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { maxInputElements: 100 } } });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write', 'agent:search'] });
  const scopes = Array.from({ length: 101 }, () => 'agent:read');
  const onRest = await requestJson(`${app.url}/v1/keys`, {
    key,
    body: { scope_type: 'global', name: 'x', scopes },
  });
  const onMcp = await callTool(app.url, key, 'search_agents', { tags: scopes });
  expect(onRest.body.error.message).toContain('100 values');
  expect(onMcp.body.result._meta['tenantry/error'].message ?? onMcp.body.result.content[0].text).toContain(
    '100 values',
  );
});

test('every tool with a route is in the document, with its scope', async () => {
  const app = await startTwoTenants({ seed: false });
  const { body } = await requestJson(`${app.url}/openapi.json`);
  for (const tool of tools) {
    if (tool.rest === null) continue;
    const [method = '', path = ''] = tool.rest.split(' ');
    expect(body.paths[path][method.toLowerCase()]).toMatchObject({
      operationId: tool.name,
      'x-scope': tool.scope,
    });
  }
});
