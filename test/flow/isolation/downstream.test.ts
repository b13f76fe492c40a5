import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool, path } from '#tool';
import type { DownstreamReply } from '../../../src/downstream/downstream.ts';
import { tools } from '../../../tools/index.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const agent = {
  agent_id: 'agt_1',
  name: 'Ada',
  age: 36,
  gender: 'female',
  country: 'GB',
  city: 'London',
  occupation: 'engineer',
  biography: 'Writes programs.',
  tags: ['maths'],
};

const startWithReply = (reply: (organizationId: string) => DownstreamReply) =>
  startTwoTenants({
    seed: false,
    fakeReply: ({ url }) => reply(url.searchParams.get('organization_id') ?? ''),
  });

test('a reply that speaks of another organisation, however deep, shows nothing', async () => {
  const foreign = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const bodies = [
    { agents: [{ ...agent, organization_id: foreign }], next_cursor: null },
    { agents: [agent], next_cursor: null, organization_id: foreign },
    { agents: [agent], next_cursor: null, debug: { rows: [[{ organization_id: foreign }]] } },
    { agents: [agent], next_cursor: null, organization_id: null },
  ];
  for (const body of bodies) {
    const app = await startWithReply(() => ({ status: 200, body }));
    const onMcp = await callTool(app.url, app.acme.defaultKey, 'search_agents', {});
    expect(onMcp.body.result).toMatchObject({
      isError: true,
      _meta: { 'tenantry/error': { code: 'TENANT_MISMATCH' } },
    });
    expect(onMcp.body.result.structuredContent).toBeUndefined();
    const onRest = await requestJson(`${app.url}/v1/agents/search`, { key: app.acme.defaultKey });
    expect([onRest.status, onRest.body.error.code]).toEqual([502, 'TENANT_MISMATCH']);
    expect(onMcp.text + onRest.text).not.toContain('Ada');
  }
});

test('a reply of the own organisation is shown, without fields that nobody declared', async () => {
  const app = await startWithReply((organization_id) => ({
    status: 200,
    body: { agents: [{ ...agent, organization_id, score: 0.9 }], next_cursor: null },
  }));
  const { body } = await callTool(app.url, app.acme.defaultKey, 'search_agents', {});
  expect(body.result.structuredContent).toEqual({ agents: [agent], next_cursor: null });
  expect(JSON.parse(body.result.content[0].text)).toEqual(body.result.structuredContent);
});

test('a platform that fails or garbles is a tool error with a code, and none of its words', async () => {
  const replies: [DownstreamReply, string][] = [
    [{ status: 500, body: { message: 'secret stack' } }, 'DOWNSTREAM_FAILED'],
    [{ status: 403, body: { message: 'secret stack' } }, 'DOWNSTREAM_FAILED'],
    [{ status: 302, body: undefined }, 'DOWNSTREAM_FAILED'],
    [{ status: 404, body: { message: 'secret stack' } }, 'NOT_FOUND'],
    [{ status: 422, body: { message: 'secret stack' } }, 'VALIDATION_ERROR'],
    [{ status: 200, body: undefined }, 'DOWNSTREAM_FAILED'],
    [{ status: 200, body: { agents: 'secret stack' } }, 'DOWNSTREAM_FAILED'],
  ];
  for (const [reply, code] of replies) {
    const app = await startWithReply(() => reply);
    const answer = await callTool(app.url, app.acme.defaultKey, 'search_agents', {});
    expect(answer.body.result._meta['tenantry/error'].code).toBe(code);
    expect(answer.text).not.toContain('secret');
  }
});

const probe = defineTool({
  name: 'get_probe',
  title: 'Probe',
  description: 'Sends an id and a query of the caller to the platform.',
  scope: 'agent:read',
  effect: 'reads',
  rest: 'GET /v1/probes/{id}',
  input: z.strictObject({ id: z.string(), tags: z.array(z.string()).optional() }),
  output: z.object({}),
  handle: ({ id, tags }, { downstream }) =>
    downstream.get(
      path`/v1/probes/${id}/rows`,
      { tags, organization_id: 'org_of_somebody_else' },
      z.object({}),
    ),
});

test('an id stays in its segment of the path', async () => {
  const app = await startTwoTenants({
    seed: false,
    tools: [...tools, probe],
    fakeReply: () => ({ status: 200, body: {} }),
  });
  const ids = ['x?organization_id=y', 'x#y', 'ü', 'x;y', 'a b', '%'];
  for (const id of ids) {
    app.sent.length = 0;
    await callTool(app.url, app.acme.defaultKey, 'get_probe', { id });
    const [request] = app.sent;
    expect(request?.url.pathname).toBe(`/v1/probes/${encodeURIComponent(id)}/rows`);
    expect(request?.url.searchParams.getAll('organization_id')).toEqual([app.acme.id]);
  }
  app.sent.length = 0;
  for (const id of ['', '.', '..', '\ud800', '../../x', '%2e%2e', 'a/b', 'a\\b', '..%2f', '.%2e']) {
    const answer = await callTool(app.url, app.acme.defaultKey, 'get_probe', { id });
    expect(answer.body.result._meta['tenantry/error'].code).toBe('VALIDATION_ERROR');
  }
  expect(app.sent).toEqual([]);
});

test('a tool cannot name another organisation, and repeated values arrive whole', async () => {
  const app = await startTwoTenants({
    seed: false,
    tools: [...tools, probe],
    fakeReply: () => ({ status: 200, body: {} }),
  });
  await requestJson(`${app.url}/v1/probes/1?tags=a&tags=b%26c`, { key: app.acme.defaultKey });
  expect([...(app.sent[0]?.url.searchParams ?? [])]).toEqual([
    ['tags', 'a'],
    ['tags', 'b&c'],
    ['organization_id', app.acme.id],
  ]);
});

test('the platform sees the id that it gave the organisation itself', async () => {
  const app = await startTwoTenants({
    seed: false,
    fakeReply: () => ({ status: 200, body: { agents: [], next_cursor: null } }),
  });
  const platformTenant = await app.provision('Own id', undefined, 'customer-17');
  await callTool(app.url, platformTenant.defaultKey, 'search_agents', {});
  expect(app.sent[0]?.url.searchParams.getAll('organization_id')).toEqual(['customer-17']);
});
