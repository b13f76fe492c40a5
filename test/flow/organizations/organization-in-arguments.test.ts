import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool, path } from '#tool';
import { tools } from '../../../tools/index.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { namesWithMore, otherForms, otherNames, spellings } from '../../support/organization-names.ts';
import { bearer, mcpHeaders, rawHttp } from '../../support/raw-http.ts';
import { bytesOf, expectRefusal } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startTwoTenants } from '../../support/start-app.ts';

async function startWithWriter() {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = await app.mint(app.acme, { additionalScopes: ['research_group:write', 'key:write'] });
  return { ...app, key: plaintext };
}

test('on MCP an organisation in the arguments is refused, even the right one, and nothing is sent', async () => {
  const app = await startWithWriter();
  const group = { name: 'All', agent_ids: ['agt_1'] };
  for (const name of spellings) {
    for (const value of [app.acme.id, app.bolt.id, '', null, 7, [app.acme.id], { id: app.acme.id }]) {
      const answer = await callTool(app.url, app.key, 'search_agents', { query: 'nurse', [name]: value });
      expectRefusal(answer, 200, 'ORGANIZATION_IN_ARGUMENTS', `${name} ${JSON.stringify(value)}`);
      expect(answer.body).toMatchObject({ id: 1, error: { code: -32602 } });
      expect(answer.body.result).toBeUndefined();
    }
    const written = await callTool(app.url, app.key, 'create_research_group', {
      ...group,
      [name]: app.acme.id,
    });
    expectRefusal(written, 200, 'ORGANIZATION_IN_ARGUMENTS', name);
  }
  expect(app.sent).toEqual([]);
});

test('right or wrong, the refusal is the same bytes', async () => {
  const app = await startWithWriter();
  const answers = await Promise.all(
    [app.acme.id, app.bolt.id, 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x'].map(async (organization_id) => {
      const answer = await callTool(app.url, app.key, 'whoami', { organization_id });
      return JSON.stringify(bytesOf(answer));
    }),
  );
  expect(new Set(answers).size).toBe(1);
});

test('in the older era too, with the code in the error and in the audit', async () => {
  const app = await startWithWriter();
  const params = { name: 'search_agents', arguments: { organization_id: app.acme.id } };
  const answer = await requestJson(`${app.url}/mcp`, {
    key: app.key,
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    body: { jsonrpc: '2.0', id: 'a', method: 'tools/call', params },
  });
  expectRefusal(answer, 200, 'ORGANIZATION_IN_ARGUMENTS');
  expect(answer.body).toMatchObject({ id: 'a', error: { code: -32602 } });
  const [row] = await app.audit(1);
  expect(row).toMatchObject({
    organizationId: app.acme.id,
    tool: 'search_agents',
    status: 200,
    errorCode: 'ORGANIZATION_IN_ARGUMENTS',
  });
  expect(app.sent).toEqual([]);
});

test('a form that another program takes for the same name is that name', async () => {
  const app = await startWithWriter();
  for (const name of otherForms) {
    const onMcp = await callTool(app.url, app.key, 'search_agents', { [name]: app.bolt.id });
    expectRefusal(onMcp, 200, 'ORGANIZATION_IN_ARGUMENTS', name);
    const target = `${app.url}/v1/agents/search?${encodeURIComponent(name)}=${app.bolt.id}`;
    expectRefusal(await requestJson(target, { key: app.key }), 400, 'ORGANIZATION_IN_ARGUMENTS', name);
  }
  // Letters of another script are another name everywhere.
  const cyrillic = await callTool(app.url, app.key, 'search_agents', { organizati\u043en_id: 'x' });
  expectRefusal(cyrillic, 200, 'VALIDATION_ERROR');
  expect(app.sent).toEqual([]);
});

const openTool = defineTool({
  name: 'find_rows',
  title: 'Find rows',
  description: 'Sends any filter of the caller to the platform.',
  scope: 'agent:read',
  effect: 'reads',
  rest: 'POST /v1/rows',
  input: z.strictObject({ tenant: z.string().optional(), filter: z.record(z.string(), z.unknown()) }),
  output: z.object({}),
  handle: ({ filter }, { downstream }) => downstream.post(path`/v1/rows`, { filter }, z.object({})),
});

test('a tool of one’s own that takes any field takes no organisation in it, in ours or the platform’s word', async () => {
  const app = await startTwoTenants({
    seed: false,
    tools: [...tools, openTool],
    fakeReply: () => ({ status: 200, body: {} }),
  });
  for (const filter of [
    { organization_id: 'x' },
    { a: [{ organizationId: 'x' }] },
    { ｏrganization_id: 'x' },
  ]) {
    const answer = await callTool(app.url, app.acme.defaultKey, 'find_rows', { filter });
    expectRefusal(answer, 200, 'ORGANIZATION_IN_ARGUMENTS', JSON.stringify(filter));
  }
  expect(app.sent).toEqual([]);
  const fine = await callTool(app.url, app.acme.defaultKey, 'find_rows', {
    filter: { a: 'organization_id' },
  });
  expect(fine.body.result.isError).toBeUndefined();
  const platform = await startRestPlatform((_call, response) => json(response, {}));
  const downstream = {
    url: platform.url,
    organization: { name: 'tenant' },
    requireOrganizationInReply: false,
  };
  const other = await startTwoTenants({ seed: false, tools: [...tools, openTool], config: { downstream } });
  const call = (args: object) => callTool(other.url, other.acme.defaultKey, 'find_rows', args);
  expectRefusal(await call({ filter: { TENANT: 'x' } }), 200, 'ORGANIZATION_IN_ARGUMENTS');
  expect(platform.calls).toEqual([]);
  // What the author declares is theirs to mean.
  await call({ tenant: 'x', filter: {} });
  expect(platform.calls.map(({ target }) => target)).toEqual([`/v1/rows?tenant=${other.acme.id}`]);
});

test('a name with a filter, a list or a path around it is that name, on MCP and REST and however deep', async () => {
  const app = await startTwoTenants({ seed: false, tools: [...tools, openTool] });
  const key = app.acme.defaultKey;
  const { id } = app.bolt;
  for (const name of namesWithMore) {
    const onMcp = await callTool(app.url, key, 'search_agents', { [name]: id });
    expectRefusal(onMcp, 200, 'ORGANIZATION_IN_ARGUMENTS', name);
    const inQuery = `${app.url}/v1/agents/search?${encodeURIComponent(name)}=${id}`;
    expectRefusal(await requestJson(inQuery, { key }), 400, 'ORGANIZATION_IN_ARGUMENTS', name);
    const inBody = await requestJson(`${app.url}/v1/rows`, { key, body: { filter: {}, [name]: id } });
    expectRefusal(inBody, 400, 'ORGANIZATION_IN_ARGUMENTS', name);
    const filter = { and: [{ [name]: id }] };
    const nested = await callTool(app.url, key, 'find_rows', { filter });
    expectRefusal(nested, 200, 'ORGANIZATION_IN_ARGUMENTS', name);
    const nestedInBody = await requestJson(`${app.url}/v1/rows`, { key, body: { filter } });
    expectRefusal(nestedInBody, 400, 'ORGANIZATION_IN_ARGUMENTS', name);
  }
  expect(app.sent).toEqual([]);
});

test('a name that is another one is sent as it is, or is an unknown field', async () => {
  const fakeReply = () => ({ status: 200, body: {} });
  const app = await startTwoTenants({ seed: false, tools: [...tools, openTool], fakeReply });
  const call = (tool: string, args: object) => callTool(app.url, app.acme.defaultKey, tool, args);
  for (const name of otherNames) {
    const filter = { and: [{ [name]: 'x' }] };
    const nested = await call('find_rows', { filter });
    expect(nested.body.result?.isError, name).toBeUndefined();
    expect(JSON.stringify(app.sent.at(-1))).toContain(JSON.stringify(filter));
    const atTop = await call('search_agents', { [name]: 'x', limit: 'no' });
    expectRefusal(atTop, 200, 'VALIDATION_ERROR', name);
  }
  expect(app.sent).toHaveLength(otherNames.length);
});

test('on REST it is refused in the query and in the body', async () => {
  const app = await startWithWriter();
  for (const name of spellings) {
    for (const value of [app.acme.id, app.bolt.id, '']) {
      const label = `${name}=${value}`;
      const inQuery = [
        `/v1/agents/search?query=nurse&${label}`,
        `/v1/agents/search?${label}&${label}`,
        `/v1/agents/search?${label}&${name}=${app.bolt.id}`,
        `/v1/agents/search?limit=no&${label}`,
        `/v1/agents/agt_1?${label}`,
        `/v1/whoami?${label}`,
      ];
      for (const path of inQuery) {
        const answer = await requestJson(app.url + path, { key: app.key });
        expectRefusal(answer, 400, 'ORGANIZATION_IN_ARGUMENTS', path);
      }
      const body = { name: 'All', agent_ids: ['agt_1'] };
      const inBody = await requestJson(`${app.url}/v1/research-groups`, {
        key: app.key,
        body: { ...body, [name]: value },
      });
      expectRefusal(inBody, 400, 'ORGANIZATION_IN_ARGUMENTS', label);
      const beside = await requestJson(`${app.url}/v1/research-groups?${label}`, { key: app.key, body });
      expectRefusal(beside, 400, 'ORGANIZATION_IN_ARGUMENTS', `${label} beside a body`);
      const mint = await requestJson(`${app.url}/v1/keys`, { key: app.key, body: { [name]: value } });
      expectRefusal(mint, 400, 'ORGANIZATION_IN_ARGUMENTS', `${label} at mint`);
    }
  }
  expect(app.sent).toEqual([]);
  const rows = await app.audit(5);
  expect(rows.map(({ errorCode, status }) => [errorCode, status])).toEqual(
    Array(5).fill(['ORGANIZATION_IN_ARGUMENTS', 400]),
  );
});

test('a percent-encoded name is the same name', async () => {
  const app = await startWithWriter();
  for (const name of ['organization%5Fid', '%6Frganization_id', 'organization_i%64']) {
    const target = `/v1/agents/search?${name}=${app.bolt.id}`;
    const answer = await rawHttp(app.port, { target, headers: [bearer(app.key)] });
    expectRefusal(answer, 400, 'ORGANIZATION_IN_ARGUMENTS', name);
  }
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{"organization\\u005fid":"x"}}}`;
  const [contentType, accept] = mcpHeaders('tools/call', 'whoami');
  const headers = [bearer(app.key), ...[contentType, accept].filter((header) => header !== undefined)];
  const escaped = await rawHttp(app.port, { method: 'POST', target: '/mcp', headers, body });
  expectRefusal(escaped, 200, 'ORGANIZATION_IN_ARGUMENTS');
  expect(app.sent).toEqual([]);
});

test('anywhere else in a call it is an unknown field or no field at all, never an organisation', async () => {
  const app = await startWithWriter();
  const { bolt } = app;
  for (const name of ['org_id', 'organization', 'tenant_id', 'tenant', 'org', '__proto__', 'constructor']) {
    const args = JSON.parse(`{"query":"nurse","${name}":"${bolt.id}"}`);
    const answer = await callTool(app.url, app.key, 'search_agents', args);
    expectRefusal(answer, 200, 'VALIDATION_ERROR', name);
    expect(answer.body.result.isError).toBe(true);
    const query = `${app.url}/v1/agents/search?${name}=${bolt.id}`;
    expectRefusal(await requestJson(query, { key: app.key }), 400, 'VALIDATION_ERROR', name);
  }
  const nested = await callTool(app.url, app.key, 'mint_key', {
    scope_type: 'global',
    name: 'nested',
    scopes: [],
    restrictions: { organization_id: bolt.id },
  });
  expectRefusal(nested, 200, 'VALIDATION_ERROR');
  expect(app.sent).toEqual([]);
});
