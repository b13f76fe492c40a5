import { expect, test } from 'vitest';
import { callTool, requestJson } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import {
  emptyPage,
  json,
  type PlatformCall,
  queryOf,
  startRestPlatform,
} from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

type Settings = Record<string, unknown>;

/** With what a URL and a header take for their own. */
const ACME = 'customer 17&a';

/** Acme, which the platform knows by an id of its own, and Bolt, which it knows by ours. */
async function startBehind(url: string, settings: Settings = {}, env: Record<string, string> = {}) {
  const app = await startApp({ seed: false, env, config: { downstream: { url, retries: 0, ...settings } } });
  const acme = await app.provision('Acme', undefined, ACME);
  const bolt = await app.provision('Bolt');
  const writer = await app.mint(acme, { scopes: ['agent:search', 'research_group:write'] });
  return { ...app, acme, bolt, writer: writer.plaintext };
}

const group = { name: 'Nurses', agent_ids: ['agt_1'] };
const madeGroup = (organization_id: string) => ({
  organization_id,
  research_group: {
    research_group_id: 'rgp_1',
    name: 'Nurses',
    description: null,
    agent_count: 1,
    created_at: '2026-11-20T00:00:00.000Z',
  },
});

/** Answers searches and creations for the organisation of the request, in any location. */
const answering =
  (organizationOf: (call: PlatformCall) => unknown) =>
  (call: PlatformCall, response: Parameters<typeof json>[0]) => {
    const organization = String(organizationOf(call));
    json(
      response,
      call.method === 'GET' ? emptyPage(organization) : madeGroup(organization),
      call.method === 'GET' ? 200 : 201,
    );
  };

test.each([
  ['query', {}, '', (call: PlatformCall) => queryOf(call).getAll('organization_id').join()],
  [
    'query',
    { organization: { name: 'tenant' } },
    '',
    (call: PlatformCall) => queryOf(call).getAll('tenant').join(),
  ],
  [
    'header',
    { organization: { in: 'header', name: 'X-Tenant' } },
    '',
    (call: PlatformCall) => call.headers['x-tenant'],
  ],
  [
    'path',
    { organization: { in: 'path', name: 'tenant' } },
    '/api/tenants/{tenant}/v3',
    ({ target }: PlatformCall) =>
      decodeURIComponent(/^\/api\/tenants\/([^/]+)\/v3\/v1\/[^/]+/.exec(target)?.[1] ?? ''),
  ],
  [
    'body',
    { organization: { in: 'body', name: 'tenant_id' } },
    '/base/',
    (call: PlatformCall) =>
      call.body === '' ? queryOf(call).get('tenant_id') : JSON.parse(call.body).tenant_id,
  ],
] as const)(
  'the organisation is written where the platform wants it: %s %o',
  async (_place, settings, basePath, organizationOf) => {
    const platform = await startRestPlatform(answering(organizationOf));
    const app = await startBehind(platform.url + basePath, settings);
    const found = await callTool(app.url, app.writer, 'search_agents', {
      query: 'tenant=x&organization_id=y',
    });
    expect(found.body.result.structuredContent).toEqual({ agents: [], next_cursor: null });
    const made = await callTool(app.url, app.writer, 'create_research_group', group);
    expect(made.body.result.structuredContent.research_group.name).toBe('Nurses');
    await callTool(app.url, app.bolt.defaultKey, 'search_agents', {});
    expect(platform.calls.map(organizationOf)).toEqual([ACME, ACME, app.bolt.id]);
    const [search, creation] = platform.calls;
    if (search === undefined || creation === undefined) throw new Error('nothing was sent');
    const prefix = basePath.replace(/\/$/, '').replace('{tenant}', encodeURIComponent(ACME));
    expect(search.target.split('?')[0]).toBe(`${prefix}/v1/agents/search`);
    expect(creation.target.split('?')[0]).toBe(`${prefix}/v1/research-groups`);
    expect(JSON.parse(creation.body)).toMatchObject(group);
    expect(JSON.stringify(platform.calls)).not.toContain(app.acme.id);
  },
);

test('request id, trace and key prefix travel along, and nothing else of the caller', async () => {
  const platform = await startRestPlatform((call, response) =>
    json(response, emptyPage(queryOf(call).get('organization_id'))),
  );
  const app = await startBehind(
    platform.url,
    { credential: { environment: 'PLATFORM_TOKEN' } },
    { PLATFORM_TOKEN: 'of-the-gateway' },
  );
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const own = {
    cookie: 'a=b',
    'x-api-version': '9',
    'x-forwarded-for': '6.6.6.6',
    'user-agent': 'mine',
    baggage: 'x',
  };
  const search = (headers: Record<string, string>) =>
    requestJson(`${app.url}/v1/agents/search`, { key: app.writer, headers });
  const answer = await search({ ...own, traceparent });
  await search({ ...own, traceparent: `${traceparent}, injected` });
  expect(answer.status).toBe(200);
  const [call, second] = platform.calls;
  expect(call?.headers).toEqual({
    host: new URL(platform.url).host,
    connection: 'keep-alive',
    accept: 'application/json',
    'accept-encoding': 'identity',
    authorization: 'Bearer of-the-gateway',
    'x-request-id': answer.headers.get('x-request-id'),
    traceparent,
    'x-tenantry-key-prefix': app.writer.slice(0, 12),
  });
  expect(second?.headers.traceparent).toBeUndefined();
});

test('the credential is the gateway’s: one for all, or one for each organisation, and none is never replaced', async () => {
  const platform = await startRestPlatform((call, response) =>
    json(response, emptyPage(queryOf(call).get('organization_id'))),
  );
  const first = await startBehind(platform.url);
  const env: Record<string, string> = {};
  const credential = { environment: 'PLATFORM_TOKEN_{organization_id}', header: 'X-Key', scheme: '' };
  const app = await startApp({ seed: false, env, config: { downstream: { url: platform.url, credential } } });
  const [acme, bolt] = [await app.provision('Acme'), await app.provision('Bolt')];
  env[`PLATFORM_TOKEN_${acme.id}`] = 'of acme';
  await callTool(app.url, acme.defaultKey, 'search_agents', {});
  const refused = await callTool(app.url, bolt.defaultKey, 'search_agents', {});
  expect(refusalIn(refused).code).toBe('DOWNSTREAM_NOT_CONFIGURED');
  const onRest = await requestJson(`${app.url}/v1/agents/search`, { key: bolt.defaultKey });
  expect([onRest.status, refusalIn(onRest).code]).toEqual([403, 'DOWNSTREAM_NOT_CONFIGURED']);
  const writer = await app.mint(bolt, { scopes: ['research_group:write'] });
  await callTool(app.url, writer.plaintext, 'create_research_group', group);
  expect(platform.calls.map(({ headers }) => headers['x-key'])).toEqual(['of acme']);
  expect((await app.audit()).filter(({ kind }) => kind === 'intent')).toEqual([]);
  expect(first.sent).toEqual([]);
});

test('a reply must say whose it is, and say it right, unless that is switched off by name', async () => {
  let body: unknown;
  const platform = await startRestPlatform((_call, response) => json(response, body));
  const strict = await startBehind(platform.url);
  const lax = await startBehind(platform.url, { requireOrganizationInReply: false });
  const page = { agents: [], next_cursor: 'next' };
  const ask = async (app: typeof strict) =>
    refusalIn(await callTool(app.url, app.writer, 'search_agents', {}))?.code;
  for (const [reply, expected] of [
    [page, ['TENANT_MISMATCH', undefined]],
    // Nothing can be read from an empty page.
    [{ agents: [], next_cursor: null }, [undefined, undefined]],
    [{ ...page, organization_id: strict.acme.id }, ['TENANT_MISMATCH', 'TENANT_MISMATCH']],
    [{ ...page, organization_id: ACME }, [undefined, undefined]],
    [{ ...page, organization_id: [ACME] }, ['TENANT_MISMATCH', 'TENANT_MISMATCH']],
    [
      { ...page, organization_id: ACME, more: [{ organization_id: 'other' }] },
      ['TENANT_MISMATCH', 'TENANT_MISMATCH'],
    ],
  ] as const) {
    body = reply;
    expect([reply, await ask(strict), await ask(lax)]).toEqual([reply, ...expected]);
  }
});

test('the field that says whose a reply is has the name that the configuration gives it', async () => {
  let tenant = ACME;
  const platform = await startRestPlatform((_call, response) =>
    json(response, { tenant, agents: [], next_cursor: null }),
  );
  const app = await startBehind(platform.url, { replyField: 'tenant' });
  const ask = async () => refusalIn(await callTool(app.url, app.writer, 'search_agents', {}))?.code;
  expect(await ask()).toBe(undefined);
  tenant = 'other';
  expect(await ask()).toBe('TENANT_MISMATCH');
});

test('why a platform gave nothing is in the audit, over MCP and REST alike, and nowhere else', async () => {
  let status = 401;
  const platform = await startRestPlatform((_call, response) => json(response, { secret: 's' }, status));
  const app = await startBehind(platform.url);
  for (const code of [401, 404, 422, 500]) {
    status = code;
    const answers = [
      await callTool(app.url, app.writer, 'search_agents', {}),
      await requestJson(`${app.url}/v1/agents/search`, { key: app.writer }),
    ];
    const rows = await app.audit(2);
    expect(rows.map(({ change }) => change)).toEqual(
      Array(2).fill(JSON.stringify({ downstream_status: code })),
    );
    for (const { text } of answers) expect(text).not.toContain('downstream_status');
  }
  status = 200;
  await callTool(app.url, app.writer, 'search_agents', {});
  expect((await app.audit(1))[0]?.change).toContain('no \\"organization_id\\" in the reply');
});

test('values of a caller stay in their segment and their parameter', async () => {
  const platform = await startRestPlatform((_call, response) => json(response, {}, 404));
  const app = await startBehind(platform.url);
  const reader = await app.mint(app.acme, { scopes: ['agent:read'] });
  const targets = async (agent_id: string) => {
    platform.calls.length = 0;
    const answer = await callTool(app.url, reader.plaintext, 'get_agent', { agent_id });
    return [refusalIn(answer).code, ...platform.calls.map(({ target }) => target.split('?')[0])];
  };
  const organization = `organization_id=${encodeURIComponent(ACME).replaceAll('%20', '+')}`;
  expect(await targets('x?organization_id=other')).toEqual([
    'NOT_FOUND',
    '/v1/agents/x%3Forganization_id%3Dother',
  ]);
  expect(await targets('x#y')).toEqual(['NOT_FOUND', '/v1/agents/x%23y']);
  for (const id of ['.', '..', '../../admin', '%2e%2e', 'a/b'])
    expect(await targets(id)).toEqual(['VALIDATION_ERROR']);
  await targets('x');
  expect(platform.calls[0]?.target).toBe(`/v1/agents/x?${organization}`);
});
