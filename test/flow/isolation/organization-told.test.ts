import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bindDownstream } from '../../../src/downstream/bound-downstream.ts';
import type {
  DownstreamReply,
  DownstreamRequest,
  DownstreamTerms,
} from '../../../src/downstream/downstream.ts';
import { path, pathOf } from '../../../src/downstream/path.ts';
import { requireOwnReply } from '../../../src/downstream/reply/require-own-reply.ts';
import { newOrganizationId } from '../../../src/ids.ts';
import { temporaryDir, writeConfig } from '../../support/fresh-start.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startServer } from '../../support/program.ts';
import { refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

const text = { type: 'string' };
const responses = { 200: { description: 'x', content: { 'application/json': { schema: {} } } } };
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: text });
const body = (schema: object) => ({ required: true, content: { 'application/json': { schema } } });

const document = {
  openapi: '3.1.0',
  info: { title: 'Told', version: '1' },
  paths: {
    '/orgs/{org}/repos': { get: { operationId: 'listRepos', parameters: [inPath('org')], responses } },
    '/repos/{owner}/{repo}': {
      get: { operationId: 'getRepo', parameters: [inPath('owner'), inPath('repo')], responses },
      delete: { operationId: 'deleteRepo', parameters: [inPath('owner'), inPath('repo')], responses },
    },
    '/things': {
      get: { operationId: 'listThings', responses },
      post: {
        operationId: 'createThing',
        requestBody: body({ type: 'object', properties: { org: text, name: text } }),
        responses,
      },
      put: { operationId: 'sortThings', requestBody: body({ type: 'array', items: text }), responses },
    },
  },
};
const everything = ['listRepos', 'getRepo', 'deleteRepo', 'listThings', 'createThing', 'sortThings'];

const scope = 'agent:read';
const methods = { get: scope, post: scope, put: scope, delete: scope };

function writeDocument(): string {
  const openapi = join(temporaryDir(), 'told.json');
  writeFileSync(openapi, JSON.stringify(document));
  return openapi;
}

async function startTold(place: string, more: object = {}, base = '') {
  const platform = await startRestPlatform((call, response) => {
    if (call.method === 'DELETE') response.writeHead(204).end();
    else json(response, { ok: true });
  });
  const told = {
    prefix: 'p',
    openapi: writeDocument(),
    url: platform.url + base,
    scopes: { methods },
    organization: { in: place, name: 'org' },
    requireOrganizationInReply: false,
    retries: 0,
    ...more,
  };
  const env: Record<string, string> = { SHARED: 'of all' };
  const app = await startApp({ seed: false, env, config: { builtinTools: false, downstreams: [told] } });
  const acme = await app.provision('Acme', undefined, 'acme');
  env[`OF_${acme.id}`] = 'of acme';
  const call = async (name: string, args: object = {}) =>
    refusalIn(await callTool(app.url, acme.defaultKey, `p_${name}`, args))?.code ?? 'ok';
  const refused = (app.reports[0]?.refused ?? []).map((line) => line.split(':')[0]);
  return { ...app, acme, platform, call, refused };
}

test.each([
  ['path', {}, '', ['getRepo', 'deleteRepo', 'listThings', 'sortThings']],
  [
    'path',
    { credential: { environment: 'SHARED' } },
    '',
    ['getRepo', 'deleteRepo', 'listThings', 'sortThings'],
  ],
  ['path', { credential: { environment: 'OF_{organization_id}' } }, '', []],
  // The platform does a write before its reply is checked.
  ['path', { requireOrganizationInReply: true }, '', ['deleteRepo', 'sortThings']],
  ['path', {}, '/for/{org}', []],
  ['body', {}, '', ['sortThings']],
  ['query', {}, '', []],
  ['header', {}, '', []],
] as const)(
  'told in the %s, with %o and base "%s", these are refused at start: %o',
  async (place, more, base, untold) => {
    const app = await startTold(place, more, base);
    expect(app.refused).toEqual(untold);
    expect(app.reports[0]?.untold ?? 0).toBe(untold.length);
    expect(app.reports[0]?.tools).toBe(everything.length - untold.length);
    expect(await app.call('get_repo', { owner: 'bolt', repo: 'secret' })).toBe(
      app.refused.includes('getRepo')
        ? 'UNKNOWN_TOOL'
        : 'requireOrganizationInReply' in more
          ? 'TENANT_MISMATCH'
          : 'ok',
    );
    const onRest = await requestJson(`${app.url}/repos/bolt/secret`, { key: app.acme.defaultKey });
    expect(onRest.status === 404).toBe(app.refused.includes('getRepo'));
    if (!('credential' in more) && !('requireOrganizationInReply' in more)) {
      for (const { target, headers, body: sent } of app.platform.calls)
        expect(`${target} ${headers.org} ${sent}`).toContain('acme');
    }
  },
);

test('where the reply alone must tell whose it was, no reply at all is none of ours', async () => {
  const terms = { replyField: 'organization_id', requireOrganizationInReply: true };
  expect(() => requireOwnReply(undefined, 'acme', terms, false)).toThrow('for which organisation');
  const empty = [
    undefined,
    null,
    [],
    {},
    { items: [], total: 0, next: null, more: false, page: { size: 0, of: '' } },
  ];
  for (const reply of empty) {
    expect(() => requireOwnReply(reply, 'acme', terms, false)).toThrow('requireOrganizationInReply');
    expect(() => requireOwnReply(reply, 'acme', terms, true)).not.toThrow();
  }
  // A number of rows says something of somebody.
  for (const reply of [{ items: [], total: 17 }, [[]], { items: [null] }, { next: 'x' }, true, 'ok'])
    expect(() => requireOwnReply(reply, 'acme', terms, true)).toThrow('requireOrganizationInReply');
  const told = await startTold('query', { requireOrganizationInReply: true });
  expect(await told.call('delete_repo', { owner: 'mine', repo: 'old' })).toBe('ok');
});

test('the log names what is refused, and counts it in the same line', async () => {
  const { dir, file } = writeConfig({
    builtinTools: false,
    downstreams: [
      {
        prefix: 'p',
        openapi: writeDocument(),
        url: 'http://127.0.0.1:9',
        scopes: { methods },
        organization: { in: 'path', name: 'org' },
        requireOrganizationInReply: false,
      },
    ],
  });
  const server = await startServer({ TENANTRY_CONFIG: file }, dir);
  const line = server.seen.stderr.split('\n').find((each) => each.includes('tools of a downstream')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ level: 40, refused: expect.any(Array), withoutOrganization: 4 });
  expect(line).toContain('getRepo: nothing in it tells the platform the organisation');
  server.kill('SIGTERM');
  await server.closed;
});

/** The one client, without a document in front of it. */
function bind(terms: Partial<DownstreamTerms>, reply: DownstreamReply = { status: 200, body: {} }) {
  const sent: DownstreamRequest[] = [];
  const organizationId = newOrganizationId(Date.now());
  const downstream = {
    terms: {
      organization: { in: 'path', name: 'org' },
      basePath: '',
      replyField: 'organization_id',
      requireOrganizationInReply: false,
      ...terms,
    } as DownstreamTerms,
    credentialFor: () => ({}),
    close: async () => {},
    send: async (request: DownstreamRequest) => {
      sent.push(request);
      return reply;
    },
  };
  const intents: unknown[] = [];
  const slot = { requestId: 'r', traceparent: null, intent: async (row: unknown) => void intents.push(row) };
  const bound = bindDownstream(downstream, {
    principal: { organization: { id: organizationId, name: 'Acme', externalId: 'acme' }, key: null } as never,
    effect: 'writes',
    slot: slot as never,
    signal: new AbortController().signal,
  });
  return { bound, sent, intents };
}

test('a request without the organisation is not sent, by any maker, and leaves no intent', async () => {
  const nowhere = pathOf('/repos/{owner}', () => ({ text: '{org}', label: 'owner', mayHoldSlashes: false }));
  for (const terms of [{}, { organization: { in: 'path', name: 'tenant' } as const, basePath: '/{org}' }]) {
    const { bound, sent, intents } = bind(terms);
    const calls = [
      () => bound.request({ method: 'POST', path: nowhere, body: {} }),
      () => bound.post(path`/things`, {}, {} as never),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ code: 'DOWNSTREAM_NOT_CONFIGURED' });
    expect([sent, intents]).toEqual([[], []]);
  }
  const { bound, sent } = bind({ basePath: '/for/{org}' });
  await bound.request({ method: 'POST', path: nowhere, body: {} });
  expect(sent[0]?.url.pathname).toBe('/for/acme/repos/%7Borg%7D');
  const list = { organization: { in: 'body', name: 'org' } as const };
  const inBody = bind(list);
  const sorting = { method: 'PUT', path: path`/things`, body: ['a'] } as const;
  await expect(inBody.bound.request(sorting)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  expect(inBody.sent).toEqual([]);
  const own = bind({ ...list, credentialPerOrganization: true });
  await own.bound.request(sorting);
  expect(own.sent[0]?.body).toEqual(['a']);
});

test('an id that a header would carry as another is told in none', async () => {
  for (const externalId of ['acme ', ' acme']) {
    const sent: unknown[] = [];
    const { bound } = bindNamed(externalId, sent);
    await expect(bound.get(path`/things`, {}, {} as never)).rejects.toMatchObject({
      code: 'DOWNSTREAM_NOT_CONFIGURED',
    });
    expect(sent).toEqual([]);
  }
});

function bindNamed(externalId: string, sent: unknown[]) {
  const terms: DownstreamTerms = {
    organization: { in: 'header', name: 'X-Org' },
    basePath: '',
    replyField: 'organization_id',
    requireOrganizationInReply: false,
  };
  const send = async (request: DownstreamRequest) => {
    sent.push(request);
    return { status: 200, body: {} };
  };
  const downstream = { terms, credentialFor: () => ({}), close: async () => {}, send };
  const organization = { id: newOrganizationId(Date.now()), name: 'Acme', externalId };
  const slot = { requestId: 'r', traceparent: null, intent: async () => {} } as never;
  const { signal } = new AbortController();
  const caller = { organization, key: null } as never;
  return { bound: bindDownstream(downstream, { principal: caller, effect: 'reads', slot, signal }) };
}
