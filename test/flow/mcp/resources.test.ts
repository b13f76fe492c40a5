import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/tool/public.ts';
import { registryMistakes } from '../../../src/tool/registry.ts';
import { tools } from '../../../tools/index.ts';
import { callTool, type JsonAnswer, requestJson, rpc } from '../../support/http.ts';
import { bytesOf, expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

const read = (app: TestApp, key: string, uri: string) => rpc(app.url, key, 'resources/read', { uri });

const complete = (app: TestApp, key: string, template: string, value: string) => {
  const name = /\{(.+)\}/.exec(template)?.[1];
  const params = { ref: { type: 'ref/resource', uri: template }, argument: { name, value } };
  return rpc(app.url, key, 'completion/complete', params);
};

const templatesOf = ({ body }: JsonAnswer) =>
  body.result.resourceTemplates.map((each: { uriTemplate: string }) => each.uriTemplate);

const withoutUri = (answer: JsonAnswer) => {
  const { text, headers, ...rest } = bytesOf(answer);
  const { uri, ...data } = answer.body.error.data;
  expect(text).toContain(JSON.stringify(uri));
  const kept = headers.filter(([name]) => name !== 'content-length');
  return { ...rest, headers: kept, data: { ...data, request_id: '' } };
};

const someAgent = async (app: TestApp, key: string): Promise<string> =>
  (await callTool(app.url, key, 'search_agents', { limit: 1 })).body.result.structuredContent.agents[0]
    .agent_id;

test('an agent’s profile is read as a resource: a call of get_agent, for the same organisation, in the audit', async () => {
  const app = await startTwoTenants();
  const agentId = await someAgent(app, app.acme.defaultKey);
  app.sent.length = 0;
  const answer = await read(app, app.acme.defaultKey, `agent://${agentId}`);
  const direct = await callTool(app.url, app.acme.defaultKey, 'get_agent', { agent_id: agentId });
  expect(answer.body.result.contents).toEqual([
    {
      uri: `agent://${agentId}`,
      mimeType: 'application/json',
      text: JSON.stringify(direct.body.result.structuredContent),
    },
  ]);
  expect(answer.body.result.cacheScope).toBe('private');
  expect(app.sent.map(({ url }) => url.searchParams.getAll('organization_id'))).toEqual([
    [app.acme.id],
    [app.acme.id],
  ]);
  const [, row] = await app.audit(2);
  expect(row).toMatchObject({ tool: 'get_agent', status: 200, organizationId: app.acme.id });
  expect(row?.target).toContain('resources/read');
});

test('another organisation’s agent, an absent one and an id that is none give the same bytes', async () => {
  const app = await startTwoTenants();
  const foreign = await someAgent(app, app.bolt.defaultKey);
  const uris = [`agent://${foreign}`, 'agent://agt_01ARZ3NDEKTSV4RRFFQ69G5FAV', `agent://${'x'.repeat(400)}`];
  const others = ['agent://%2e%2e', 'agent://%ff', 'agent://', 'agent://a/b', 'nothing://x', 'agent:/x', ''];
  const answers = await Promise.all([...uris, ...others].map((uri) => read(app, app.acme.defaultKey, uri)));
  for (const [index, answer] of answers.entries()) {
    expectRefusal(answer, 200, 'RESOURCE_NOT_FOUND', [...uris, ...others][index]);
    expect(answer.body.error.code).toBe(-32602);
    // Its own URI is all that an answer has for itself.
    expect(withoutUri(answer)).toEqual(withoutUri(answers[0] as JsonAnswer));
  }
});

test('a key that somebody sends as an id is not sent back', async () => {
  const app = await startTwoTenants({ seed: false });
  const answer = await read(app, app.acme.defaultKey, `agent://${app.bolt.defaultKey}`);
  expectRefusal(answer, 200, 'RESOURCE_NOT_FOUND');
  expect(answer.text).not.toContain(app.bolt.defaultKey.slice(13));
});

test.each(['', '%2574%256e%2574%255f', '%74%6e%74%5f'])(
  'nor one whose beginning is encoded as "%s"',
  async (encoded) => {
    const app = await startTwoTenants({ seed: false });
    const rest = encoded === '' ? app.bolt.defaultKey : encoded + app.bolt.defaultKey.slice(4);
    const answer = await read(app, app.acme.defaultKey, `agent://${rest}`);
    expectRefusal(answer, 200, 'RESOURCE_NOT_FOUND');
    expect(answer.text).not.toContain(app.bolt.defaultKey.slice(13));
    const long = await read(app, app.acme.defaultKey, `agent://${'x'.repeat(100_000)}`);
    expect(long.text.length).toBeLessThan(1000);
  },
);

test('who may not call the tool is neither shown the resource nor given it', async () => {
  const app = await startTwoTenants();
  const agentId = await someAgent(app, app.acme.defaultKey);
  const { plaintext } = await app.mint(app.acme, { scopes: ['study:read'] });
  expect(templatesOf(await rpc(app.url, plaintext, 'resources/templates/list'))).toEqual([
    'study://{study_id}',
  ]);
  const refused = await read(app, plaintext, `agent://${agentId}`);
  expectRefusal(refused, 403, 'INSUFFICIENT_SCOPE');
  expect(refused.headers.get('www-authenticate')).toMatch(
    /^Bearer error="insufficient_scope", scope="agent:read", /,
  );
  const restricted = await app.mint(app.acme, { restrictions: { tools: ['get_study'] } });
  expectRefusal(await read(app, restricted.plaintext, `agent://${agentId}`), 403, 'KEY_RESTRICTED');
  const allowed = await rpc(app.url, app.acme.defaultKey, 'resources/templates/list');
  const all = tools.flatMap(({ resource }) => resource?.uri ?? []);
  expect(templatesOf(allowed)).toEqual(all);
  expect(all).toContain('study://{study_id}');
});

test('for hosts that take a 403 for a broken connection the refusal is an error with status 200', async () => {
  const app = await startTwoTenants({ config: { scopes: { denial: 'tool-error' } } });
  const agentId = await someAgent(app, app.acme.defaultKey);
  const { plaintext } = await app.mint(app.acme, { scopes: ['study:read'] });
  expectRefusal(await read(app, plaintext, `agent://${agentId}`), 200, 'INSUFFICIENT_SCOPE');
});

test('ids are completed by the tool that finds them, under its scope, from the own organisation alone', async () => {
  const app = await startTwoTenants();
  const key = app.acme.defaultKey;
  const found = await complete(app, key, 'agent://{agent_id}', 'nurse');
  const search = await callTool(app.url, key, 'search_agents', { query: 'nurse', limit: 100 });
  const { agents } = search.body.result.structuredContent;
  expect(found.body.result.completion).toEqual({
    values: agents.map(({ agent_id }: { agent_id: string }) => agent_id),
    hasMore: search.body.result.structuredContent.next_cursor !== null,
  });
  expect(agents.length).toBeGreaterThan(3);
  const [, row] = await app.audit(2);
  expect(row).toMatchObject({ tool: 'search_agents', organizationId: app.acme.id });
  const { plaintext } = await app.mint(app.acme, { scopes: ['agent:read'] });
  expectRefusal(await complete(app, plaintext, 'agent://{agent_id}', 'nurse'), 403, 'INSUFFICIENT_SCOPE');
  expectRefusal(await complete(app, key, 'agent://{other}', 'x'), 200, 'RESOURCE_NOT_FOUND');
  const long = await complete(app, key, 'agent://{agent_id}', 'x'.repeat(100_000));
  expect(long.body.result.completion.values).toEqual([]);
});

test('a completion of anything but a text is refused, and a long text costs nobody time', async () => {
  const app = await startTwoTenants({ seed: false });
  const ask = (value: unknown, ref: object = { type: 'ref/resource', uri: 'study://{study_id}' }) =>
    rpc(app.url, app.acme.defaultKey, 'completion/complete', { ref, argument: { name: 'study_id', value } });
  for (const value of [{ toString: 1 }, [[{ toString: null }]], 5, null, true]) {
    const answer = await ask(value);
    expect([answer.status, answer.body.error.code]).toEqual([200, -32602]);
  }
  const long = await ask('İ'.repeat(300_000));
  expect(long.body.result.completion.values).toEqual([]);
  expectRefusal(
    await ask('x', { type: 'ref/prompt', name: 'p', uri: 'study://{study_id}' }),
    200,
    'RESOURCE_NOT_FOUND',
  );
  expect(app.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

test('a refusal has its status in the older era too, where nobody follows the answer', async () => {
  const app = await startTwoTenants({ seed: false, config: { scopes: { denial: 'tool-error' } } });
  const { plaintext } = await app.mint(app.acme, { restrictions: { tools: ['whoami'] } });
  const answer = await requestJson(`${app.url}/mcp`, {
    key: plaintext,
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' },
    body: { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'agent://x' } },
  });
  expectRefusal(answer, 403, 'KEY_RESTRICTED');
  expect((await app.audit(1))[0]).toMatchObject({ status: 403, errorCode: 'KEY_RESTRICTED' });
});

test('a study is completed from its name or the beginning of its id', async () => {
  const app = await startTwoTenants();
  const { plaintext } = await app.mint(app.acme, {
    scopes: ['study:read', 'study:write', 'research_group:read'],
  });
  const groups = await callTool(app.url, plaintext, 'list_research_groups');
  const { research_group_id } = groups.body.result.structuredContent.research_groups[0];
  const study = { name: 'Night shifts', objective: 'o', research_group_id, questions: ['q'] };
  const made = await callTool(app.url, plaintext, 'create_study', study);
  const id: string = made.body.result.structuredContent.study.study_id;
  for (const typed of ['night', id.slice(0, 20)]) {
    const answer = await complete(app, plaintext, 'study://{study_id}', typed);
    expect(answer.body.result.completion.values).toContain(id);
  }
  const none = await complete(app, plaintext, 'study://{study_id}', 'no such study');
  expect(none.body.result.completion.values).toEqual([]);
  const report = await read(app, plaintext, `study://${id}`);
  expect(JSON.parse(report.body.result.contents[0].text).study.name).toBe('Night shifts');
});

test('what a platform gets wrong is an error without its words, and another organisation’s row is not shown', async () => {
  let reply: unknown = { agent: { organization_id: 'org_other', name: 'SECRET' } };
  const app = await startTwoTenants({ fakeReply: () => ({ status: 200, body: reply }) });
  const foreign = await read(app, app.acme.defaultKey, 'agent://agt_1');
  expectRefusal(foreign, 200, 'TENANT_MISMATCH');
  expect(foreign.text).not.toContain('SECRET');
  reply = { nonsense: true };
  expectRefusal(await read(app, app.acme.defaultKey, 'agent://agt_1'), 200, 'DOWNSTREAM_FAILED');
});

test('the older era reads, completes and lists in the same words', async () => {
  const app = await startTwoTenants();
  const key = app.acme.defaultKey;
  const agentId = await someAgent(app, key);
  const legacy = (method: string, params: object) =>
    requestJson(`${app.url}/mcp`, {
      key,
      headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' },
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
  const { contents } = (await legacy('resources/read', { uri: `agent://${agentId}` })).body.result;
  expect(contents).toEqual((await read(app, key, `agent://${agentId}`)).body.result.contents);
  expect((await legacy('resources/list', {})).body.result).toEqual({ resources: [] });
  expectRefusal(await legacy('resources/read', { uri: 'agent://absent' }), 200, 'RESOURCE_NOT_FOUND');
});

test('without tools that give resources the server does not claim any', async () => {
  const app = await startTwoTenants({ seed: false, config: { builtinTools: false } });
  const { body } = await rpc(app.url, app.acme.defaultKey, 'server/discover');
  expect(body.result.capabilities).toEqual({ tools: { listChanged: false } });
  expectRefusal(await read(app, app.acme.defaultKey, 'agent://x'), 404, 'METHOD_NOT_FOUND');
});

test('a resource that cannot work is refused at start', () => {
  const thing = {
    title: 'Thing',
    description: 'A thing.',
    completion: { tool: 'search_agents', rows: 'agents' },
  };
  const define = (
    name: string,
    uri: string,
    tool = 'search_agents',
    effect: 'reads' | 'destroys' = 'reads',
  ) =>
    defineTool({
      name,
      title: 'Get',
      description: 'Gets.',
      scope: 'agent:read',
      effect,
      input: z.strictObject({ id: z.string() }),
      output: z.object({}),
      resource: { ...thing, uri, completion: { ...thing.completion, tool } },
      handle: async () => ({}),
    });
  for (const uri of ['thing://{other}', 'thing://', 'thing://{id}/x', 'THING://{id}', 'thing:{id}']) {
    expect(() => define('get_thing', uri), uri).toThrow(/expected a resource such as/);
  }
  expect(() => define('end_thing', 'thing://{id}', 'search_agents', 'destroys')).toThrow(/only reads/);
  const mistakes = (...own: ReturnType<typeof define>[]) => registryMistakes([...tools, ...own]);
  expect(mistakes(define('get_thing', 'thing://{id}'))).toEqual([]);
  expect(mistakes(define('get_thing', 'agent://{id}'))).toHaveLength(2);
  for (const tool of ['none', 'whoami', 'create_study', 'list_studies']) {
    const found = mistakes(define('get_thing', 'thing://{id}', tool));
    expect(found).toEqual([expect.stringContaining(`a tool that completes, got "${tool}"`)]);
  }
});
