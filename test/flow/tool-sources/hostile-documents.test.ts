import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standalone, validated } from '../../../src/json-schema/json-schema.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

const text = { type: 'string' };
const openObject = { type: 'object', additionalProperties: text };
const list = { type: 'array', uniqueItems: true, items: { type: 'object' } };
const responses = { 200: { description: 'x', content: { 'application/json': { schema: {} } } } };
const body = (schema: object, type = 'application/json') => ({ content: { [type]: { schema } } });
const inQuery = (name: string, schema: object = text, more = {}) => ({ name, in: 'query', schema, ...more });
const inHeader = (name: string) => ({ name, in: 'header', schema: text });
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: text });
const branch = (op: string) => ({
  type: 'object',
  required: ['args'],
  properties: { op: { const: op }, args: { type: 'array', items: { $ref: '#/components/schemas/Filter' } } },
});

/** What a careless or a hostile author may write. */
const document = {
  openapi: '3.1.0',
  info: { title: 'Hostile', version: '1' },
  paths: {
    '/list': {
      get: {
        operationId: 'list',
        parameters: [
          inQuery('organization_id'),
          inQuery('extra', openObject),
          inQuery('deep', openObject, { style: 'deepObject', explode: true }),
          inQuery('organization', openObject, { style: 'deepObject', explode: true }),
          inQuery('cursor'),
          { name: 'json', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
          inHeader('X-Organization-Id'),
          inHeader('X-HTTP-Method-Override'),
        ],
        responses,
      },
    },
    '/patch': {
      patch: {
        operationId: 'patch',
        requestBody: { required: true, ...body({ type: 'array' }, 'application/json-patch+json') },
        responses,
      },
    },
    '/rival': {
      get: {
        operationId: 'rival',
        parameters: [inQuery('organizationId', text, { required: true })],
        responses,
      },
    },
    '/workspaces/{workspace_id}/copy': {
      post: {
        operationId: 'copy',
        parameters: [inPath('workspace_id'), inQuery('workspace_id')],
        requestBody: body({ type: 'object' }),
        responses,
      },
    },
    '/filter': {
      post: { operationId: 'filter', requestBody: body({ $ref: '#/components/schemas/Filter' }), responses },
    },
    '/async': {
      post: {
        operationId: 'async',
        requestBody: body({ $async: true, type: 'object', properties: { n: { type: 'integer' } } }),
        responses,
      },
    },
    '/big': {
      get: {
        operationId: 'big',
        responses: { 200: { description: 'x', content: { 'application/json': { schema: list } } } },
      },
    },
  },
  components: { schemas: { Filter: { oneOf: [branch('and'), branch('or'), text] } } },
};

async function startHostile(answer: () => unknown = () => ({})) {
  const openapi = join(temporaryDir(), 'hostile.json');
  writeFileSync(openapi, JSON.stringify(document));
  const platform = await startRestPlatform((_call, response) => json(response, answer()));
  const scope = 'agent:read';
  const scopes = { methods: { get: scope, post: scope, patch: scope } };
  const hostile = { prefix: 'h', openapi, url: platform.url, scopes, requireOrganizationInReply: false };
  const app = await startApp({ seed: false, config: { builtinTools: false, downstreams: [hostile] } });
  const acme = await app.provision('Acme');
  const call = async (name: string, args: object, key = acme.defaultKey) => {
    platform.calls.length = 0;
    const answered = await callTool(app.url, key, name, args);
    return { code: refusalIn(answered)?.code ?? 'ok', sent: platform.calls[0] };
  };
  return { ...app, acme, call };
}

test('no other spelling and no other place names an organisation, and no header another method', async () => {
  const app = await startHostile();
  const refused = [
    { extra: { 'organization_id[]': 'org_victim' } },
    { extra: { ORGANIZATION_ID: 'org_victim' } },
    { extra: { organizationId: 'org_victim' } },
    { extra: { ' organization_id': 'org_victim' } },
    { deep: { organization_id: 'org_victim' } },
    { json: { inner: [{ organization_id: 'org_victim' }] } },
    { extra: { ｏrganization_id: 'org_victim' } },
    { extra: { organ\u0131zation_id: 'org_victim' } },
    { extra: { 'a][organization_id': 'org_victim' } },
    { extra: { [`${' '.repeat(300)}organization_id`]: 'org_victim' } },
    { deep: { 'x[organization_id': 'org_victim' } },
    { deep: { 'x][organization_id__in': 'org_victim' } },
    { extra: { organization_ids: 'org_victim' } },
    { extra: { 'filter%5Borganization_id%5D': 'org_victim' } },
    { organization: { id: 'org_victim' } },
    { organization: { 'id][in': 'org_victim' } },
    { organization: { 'x][id': 'ok' }, extra: { 'organization.id': 'org_victim' } },
  ];
  for (const args of refused) {
    expect([args, await app.call('h_list', args)]).toEqual([
      args,
      { code: 'ORGANIZATION_IN_ARGUMENTS', sent: undefined },
    ]);
  }
  for (const name of ['X-Organization-Id', 'X-HTTP-Method-Override']) {
    expect((await app.call('h_list', { [name]: 'x' })).sent).toBe(undefined);
  }
  expect(app.reports[0]?.refused).toEqual([
    'patch: its body is application/json-patch+json, not JSON',
    'rival: its parameter "organizationId" names an organisation too',
  ]);
});

test('an object that only sounds like an organisation is sent', async () => {
  const { call, acme } = await startHostile();
  const sent = await call('h_list', { organization: { name: 'Ann' }, deep: { id: '7' }, extra: { id: '8' } });
  const target = `/list?id=8&deep%5Bid%5D=7&organization%5Bname%5D=Ann&organization_id=${acme.id}`;
  expect([sent.code, sent.sent?.target]).toEqual(['ok', target]);
});

test('names that mean something to the language are names, and the platform has cursors of its own', async () => {
  const { call, acme } = await startHostile();
  const spread = await call(
    'h_list',
    JSON.parse('{"extra":{"toString":"a","__proto__":"b"},"cursor":"next"}'),
  );
  expect([spread.code, spread.sent?.target]).toEqual([
    'ok',
    `/list?toString=a&__proto__=b&cursor=next&organization_id=${acme.id}`,
  ]);
});

test('a key that is restricted to workspaces names no other one, in any argument', async () => {
  const app = await startHostile();
  const restrictions = { workspace_ids: ['ws_1'] };
  const { plaintext } = await app.mint(app.acme, { scopes: ['agent:read'], restrictions });
  for (const more of [
    { query_workspace_id: 'ws_9' },
    { body: { workspace_id: 'ws_9' } },
    { body: { to: [{ workspaceId: 'ws_9' }] } },
    { body: { workspace_ids: ['ws_1', 'ws_9'] } },
  ]) {
    const { code, sent } = await app.call('h_copy', { workspace_id: 'ws_1', ...more }, plaintext);
    expect([more, code, sent]).toEqual([more, 'KEY_RESTRICTED', undefined]);
  }
  const own = { workspace_id: 'ws_1', query_workspace_id: 'ws_1', body: { workspace_ids: ['ws_1'] } };
  expect((await app.call('h_copy', own, plaintext)).code).toBe('ok');
});

test('a schema that refers to itself is checked in no more time than it is long', async () => {
  const { call } = await startHostile();
  let nested: unknown = 1;
  for (let depth = 0; depth < 30; depth += 1) nested = { args: [nested] };
  await call('h_filter', { body: nested });
  expect((await call('h_filter', { body: { args: 'none' } })).code).toBe('VALIDATION_ERROR');
});

test('a schema that wants to be checked later is checked at once', async () => {
  const { call } = await startHostile();
  expect((await call('h_async', { body: { n: 'no number' } })).code).toBe('VALIDATION_ERROR');
  expect((await call('h_async', { body: { n: 1 } })).code).toBe('ok');
});

test('a long reply costs no more than its length', async () => {
  let length = 5_000;
  const { call } = await startHostile(() => Array.from({ length }, (_, id) => ({ id })));
  const costOfCall = async () => {
    const before = process.cpuUsage();
    expect((await call('h_big', {})).code).toBe('ok');
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await costOfCall();
  const short = await costOfCall();
  length = 50_000;
  // Ten times as long; a hundred times the cost would be the square.
  expect(await costOfCall()).toBeLessThan(50 * short);
});

test('a key that somebody put into a path is not kept in the audit', async () => {
  const app = await startHostile();
  await app.call('h_copy', { workspace_id: app.acme.defaultKey });
  expect(JSON.stringify(await app.audit(10))).not.toContain(app.acme.defaultKey);
});

test('a short schema whose references fan out stays short', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 12 }, (_, level) => {
      const next = level === 11 ? text : { $ref: `#/$defs/d${level + 1}` };
      return [
        `d${level}`,
        {
          type: 'object',
          properties: Object.fromEntries(Array.from({ length: 60 }, (_unused, name) => [`p${name}`, next])),
        },
      ];
    }),
  );
  const schema = { type: 'object', properties: { first: { $ref: '#/$defs/d0' } }, $defs };
  const shown = JSON.stringify(standalone(schema, schema, () => false));
  expect(shown.length).toBeLessThan(48 * 1024);
  expect(JSON.stringify(validated(schema)).length).toBeLessThan(64 * 1024);
});
