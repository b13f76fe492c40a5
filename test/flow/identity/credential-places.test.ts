import { expect, test } from 'vitest';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { bearer, mcpBody, mcpHeaders, type RawHeader, rawHttp, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

/** The key's secret part, which must turn up nowhere, however the rest was cut or encoded. */
const secretOf = (key: string): string => key.split('_')[2] ?? key;

/** Nothing that the program wrote down, or answered, shows the secret of `key`. */
async function expectNowhere(app: TestApp, key: string, answers: readonly JsonAnswer[]): Promise<void> {
  const written = JSON.stringify([app.log, await app.audit(), answers.map(({ text }) => text)]);
  expect(written).not.toContain(secretOf(key));
}

test('a credential in the query string is no credential, and is written nowhere', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const answers: JsonAnswer[] = [];
  const queries = ['access_token', 'api_key', 'apikey', 'key', 'token', 'X-API-Key'].map(
    (n) => `${n}=${key}`,
  );
  for (const query of [...queries, `Authorization=Bearer%20${key}`, key]) {
    for (const [protocol, path] of [
      ['mcp', '/mcp'],
      ['mcp', `/o/${app.acme.id}/mcp`],
      ['rest', '/v1/agents/search'],
    ] as const) {
      const answer = await rawSearch(app.port, protocol, [], `${path}?${query}`);
      expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', `${path}?${query}`);
      answers.push(answer);
    }
  }
  expect(app.sent).toEqual([]);
  await expectNowhere(app, key, answers);
});

test('a credential in a cookie, a neighbouring header, the path or the body is no credential', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const headers: RawHeader[] = [
    ['Cookie', `Authorization=Bearer ${key}`],
    ['Cookie', `__Host-session=${key}; api_key=${key}`],
    ['Proxy-Authorization', `Bearer ${key}`],
    ['X-Authorization', `Bearer ${key}`],
    ['X_API_Key', key],
    ['Api-Key', key],
    ['Mcp-Param-Authorization', `Bearer ${key}`],
    ['Mcp-Session-Id', key],
    ['X-Forwarded-Authorization', `Bearer ${key}`],
  ];
  const answers: JsonAnswer[] = [];
  for (const header of headers) {
    const answer = await rawSearch(app.port, 'mcp', [header]);
    expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', header[0]);
    answers.push(answer);
  }
  const params = { name: 'search_agents', arguments: { access_token: key }, authorization: `Bearer ${key}` };
  const inBody = await rawHttp(app.port, {
    method: 'POST',
    target: '/mcp',
    headers: mcpHeaders('tools/call', 'search_agents'),
    body: mcpBody('tools/call', params),
  });
  expectRefusal(inBody, 401, 'AUTHENTICATION_REQUIRED');
  const inUrl = await rawSearch(app.port, 'mcp', [], `/o/${key}/mcp`);
  expectRefusal(inUrl, 401, 'AUTHENTICATION_REQUIRED');
  const inPath = await rawSearch(app.port, 'mcp', [], `/mcp/${key}`);
  expectRefusal(inPath, 404, 'NOT_FOUND');
  expect(app.sent).toEqual([]);
  await expectNowhere(app, key, [...answers, inBody, inUrl, inPath]);
});

test('a second credential outside the headers changes nothing about the first', async () => {
  const app = await startTwoTenants({ seed: false });
  const other = app.bolt.defaultKey;
  const answer = await rawSearch(
    app.port,
    'mcp',
    [bearer(app.acme.defaultKey), ['Cookie', `Authorization=Bearer ${other}`]],
    `/mcp?access_token=${other}`,
  );
  expect(answer.status).toBe(200);
  expect(app.sent.map(({ url }) => url.searchParams.get('organization_id'))).toEqual([app.acme.id]);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ organizationId: app.acme.id, target: '/mcp tools/call' });
  await expectNowhere(app, other, [answer]);
});

test('a key that a client puts into its name, its job, its arguments or its tool is written nowhere', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const leaks: RawHeader[] = [
    ['User-Agent', `curl (Bearer%20${key})`],
    ['X-On-Behalf-Of', `job ${key}`],
  ];
  const call = (params: object, method = 'tools/call', name = 'search_agents') =>
    rawHttp(app.port, {
      method: 'POST',
      target: '/mcp',
      headers: [bearer(key), ...leaks, ...mcpHeaders(method, name)],
      body: mcpBody(method, params),
    });
  const answers = [
    await call({ name: 'search_agents', arguments: { [key]: key } }),
    await call({ name: 'search_agents', arguments: { limit: key } }),
    await call({ name: 'search_agents', arguments: { cursor: key } }),
    await call({ name: key, arguments: {} }, 'tools/call', key),
    await call({}, key),
    await rawHttp(app.port, { target: `/v1/agents/${key}`, headers: [bearer(key), ...leaks] }),
    await rawHttp(app.port, { target: `/v1/agents/search?${key}=${key}`, headers: [bearer(key), ...leaks] }),
    await rawHttp(app.port, {
      method: 'POST',
      target: '/mcp',
      headers: [bearer(key), ...leaks, ...mcpHeaders('tools/call')],
      body: `{"jsonrpc":"2.0","id":"${key}`,
    }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404, 404, 400, 400]);
  const rows = await app.audit(answers.length);
  expect(rows.map(({ keyPrefix }) => keyPrefix)).toEqual(Array(answers.length).fill(key.slice(0, 12)));
  await expectNowhere(app, key, answers);
});

test('a key pasted into a name, or into another text that is kept and shown to others, is refused and not kept', async () => {
  const app = await startTwoTenants({ seed: false, env: { ADMIN_TOKEN } });
  const key = app.acme.defaultKey;
  const additionalScopes = ['key:write', 'member:write', 'research_group:write'];
  const { plaintext: manager, id } = await app.mint(app.acme, { additionalScopes });
  const post = (path: string, body: object, method = 'POST') =>
    requestJson(app.url + path, { key: manager, body, method });
  const global = { scope_type: 'global', name: 'ci' };
  const answers = [
    await post('/v1/keys', { ...global, name: key }),
    await post('/v1/keys', { ...global, purpose: `the same as ${key}` }),
    await post('/v1/keys', { ...global, restrictions: { workspace_ids: [key] } }),
    await post(`/v1/keys/${id}`, { owner: key }, 'PATCH'),
    await post('/org/tokens', { name: key }),
    await post('/v1/groups', { name: key }),
    await post('/v1/members', { name: key }),
    await asOperator(app, '/admin/organizations', { body: { name: `Acme ${key}` } }),
    await asOperator(app, '/admin/organizations', { body: { name: 'Acme', external_id: key } }),
  ];
  for (const answer of answers) expectRefusal(answer, 400, 'VALIDATION_ERROR');
  expect(answers[0]?.body.error.message).toBe('name: expected a text without the plaintext of a key');
  const onMcp = await callTool(app.url, manager, 'create_research_group', { name: key, agent_ids: ['a'] });
  expect(onMcp.body.result._meta['tenantry/error'].code).toBe('VALIDATION_ERROR');
  expect(app.sent).toEqual([]);
  await expectNowhere(app, key, [...answers, onMcp]);
});
