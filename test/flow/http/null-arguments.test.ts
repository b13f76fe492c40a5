import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { McpSettings } from '../../../src/config/downstreams.ts';
import { parseArguments } from '../../../src/tool/call/parse-arguments.ts';
import { withoutNulls } from '../../../src/tool/call/without-nulls.ts';
import { defineTool } from '../../../src/tool/define-tool.ts';
import { hashOf, offerOf } from '../../../src/tool-sources/approved-tools.ts';
import { createMcpTools } from '../../../src/tool-sources/mcp/create-mcp-tools.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { modern, older } from '../../support/lane-requests.ts';
import { refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';
import { expectSame, startTwoLanes } from '../../support/two-lanes.ts';

const echo = defineTool({
  name: 'echo',
  title: 'Echo',
  description: 'Says what it was asked.',
  scope: 'any',
  effect: 'reads',
  rest: 'POST /v1/echo',
  input: z.strictObject({
    word: z.string(),
    count: z.int().default(3),
    note: z.string().optional(),
    clear: z.string().nullish(),
    inner: z.strictObject({ a: z.string().optional(), b: z.string().nullable() }).optional(),
    rows: z.array(z.strictObject({ a: z.string().optional() })).optional(),
  }),
  output: z.object({ asked: z.unknown() }),
  handle: async (input) => ({ asked: input }),
});

/** What is sent, and what the tool is given; or the path of what is refused. */
const cases: readonly (readonly [Record<string, unknown>, unknown])[] = [
  [
    { word: 'w', count: null, note: null },
    { word: 'w', count: 3 },
  ],
  [
    { word: 'w', clear: null },
    { word: 'w', count: 3, clear: null },
  ],
  [
    { word: 'w', inner: null },
    { word: 'w', count: 3 },
  ],
  [
    { word: 'w', inner: { a: null, b: null } },
    { word: 'w', count: 3, inner: { b: null } },
  ],
  [
    { word: 'w', rows: [{ a: null }, {}] },
    { word: 'w', count: 3, rows: [{}, {}] },
  ],
  [{ word: null }, 'word'],
  [{ word: 'w', rows: [null] }, 'rows.0'],
  [{ word: 'w', other: null }, ''],
  [{ word: 'w', inner: { a: 'x' } }, 'inner.b'],
];

test('a null for an optional argument is its absence; a null that is a value stays, on MCP and on REST', async () => {
  const app = await startApp({ seed: false, tools: [echo] });
  const { defaultKey } = await app.provision('Acme');
  for (const [args, expected] of cases) {
    const onMcp = await callTool(app.url, defaultKey, 'echo', args);
    const onRest = await requestJson(`${app.url}/v1/echo`, {
      key: defaultKey,
      method: 'POST',
      body: JSON.stringify(args),
    });
    const answers = [onMcp.body.result.structuredContent?.asked, onRest.body.asked];
    const refusals = [onMcp, onRest].map((answer) => refusalIn(answer)?.issues?.[0]?.path);
    if (typeof expected === 'string') expect(refusals).toEqual([expected, expected]);
    else expect(answers).toEqual([expected, expected]);
  }
  for (const name of ['organization_id', 'organizationId']) {
    const named = await callTool(app.url, defaultKey, 'echo', { word: 'w', [name]: null });
    expect(refusalIn(named).code).toBe('ORGANIZATION_IN_ARGUMENTS');
  }
});

test('the shipped tools take nulls for what is left out, and still demand what they require', async () => {
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme');
  const key = (await app.mint(acme, { additionalScopes: ['key:read', 'key:write'] })).plaintext;
  const nothing = { query: null, country: null, tags: null, limit: null, cursor: null, min_age: null };
  expect(
    (await callTool(app.url, key, 'search_agents', nothing)).body.result.structuredContent.agents,
  ).toEqual([]);
  const request = {
    scope_type: 'global',
    name: 'n',
    user_id: null,
    scopes: null,
    owner: null,
    restrictions: null,
  };
  const minted = await callTool(app.url, key, 'mint_key', request);
  expect(minted.body.result.structuredContent.key).toMatchObject({
    scope_source: 'canonical',
    user_id: null,
  });
  const untyped = await callTool(app.url, key, 'mint_key', { name: 'n', scope_type: null });
  expect(refusalIn(untyped).code).toBe('SCOPE_REQUIRED');
});

const text = { type: 'string' };
const operation = (operationId: string, more: object) => ({
  operationId,
  responses: { 200: { description: 'ok', content: { 'application/json': { schema: {} } } } },
  ...more,
});
const bodyOf = (schema: object) => ({
  requestBody: { required: true, content: { 'application/json': { schema } } },
});
const fields = {
  type: 'object',
  required: ['scale', 'size'],
  properties: {
    name: text,
    due: { ...text, nullable: true },
    scale: { ...text, default: 'css' },
    size: text,
  },
};
const document = {
  openapi: '3.0.3',
  info: { title: 't', version: '1' },
  paths: {
    '/list': {
      get: operation('list', {
        parameters: [
          { in: 'query', name: 'page', schema: { type: 'integer' } },
          { in: 'query', name: 'sort', required: true, schema: { ...text, default: 'name' } },
        ],
      }),
    },
    '/thing': { patch: operation('change', bodyOf(fields)) },
  },
};

test("a document's operation: null is absence for an argument, and a value within the body", async () => {
  const file = join(temporaryDir(), 'document.json');
  writeFileSync(file, JSON.stringify(document));
  const platform = await startRestPlatform((_call, response) => json(response, {}));
  const methods = { get: 'a:b', patch: 'a:b' };
  const app = await startApp({
    seed: false,
    config: {
      scopes: { catalogue: ['a:b'], canonical: ['a:b'] },
      builtinTools: false,
      downstreams: [
        {
          prefix: 'p',
          openapi: file,
          url: platform.url,
          scopes: { methods },
          organization: { in: 'header', name: 'X-Org' },
          organizationInDocument: false,
          requireOrganizationInReply: false,
        },
      ],
    },
  });
  const { defaultKey } = await app.provision('Acme');
  const call = async (name: string, args: object) => {
    platform.calls.length = 0;
    const answer = await callTool(app.url, defaultKey, name, args);
    return platform.calls[0] ?? answer.body.result.content[0].text;
  };
  const { tools } = (await rpc(app.url, defaultKey, 'tools/list')).body.result;
  const schemaOf = (wanted: string) =>
    tools.find(({ name }: { name: string }) => name === wanted).inputSchema;
  expect(schemaOf('p_list').required).toEqual([]);
  expect(schemaOf('p_change').properties.body.required).toEqual(['size']);
  expect(await call('p_list', {})).toMatchObject({ target: '/list?sort=name' });
  expect(await call('p_list', { page: null, sort: null })).toMatchObject({ target: '/list?sort=name' });
  expect(await call('p_list', { page: 2, sort: 'age' })).toMatchObject({ target: '/list?page=2&sort=age' });
  const sent = await call('p_change', { body: { size: 's', due: null } });
  expect(JSON.parse(Object(sent).body)).toEqual({ size: 's', due: null, scale: 'css' });
  expect(await call('p_change', { body: { size: 's', name: null } })).toBe(
    'VALIDATION_ERROR: body.name: expected a text, not null',
  );
  expect(await call('p_change', { body: {} })).toBe('VALIDATION_ERROR: body.size is required');
  expect(await call('p_change', { body: null })).toBe('VALIDATION_ERROR: body: expected an object, not null');
  const twin = { key: defaultKey, method: 'PATCH', body: '{"size":"s","name":null}' };
  expect((await requestJson(`${app.url}/thing`, twin)).status).toBe(400);
});

test('a tool of another MCP server is not sent a null for what is optional, and defaults are not demanded', () => {
  const inputSchema = {
    type: 'object',
    properties: { a: text, b: { type: ['string', 'null'] }, scale: { ...text, default: 'css' }, size: text },
    required: ['scale', 'size'],
  };
  const shown = { name: 'shot', inputSchema };
  const settings = {
    prefix: 'up',
    scopes: { shot: 'a:b' },
    organization: { header: 'X-Organization-Id', argument: 'organization_id' },
  };
  const approved = { shot: hashOf(offerOf(shown)) };
  const made = createMcpTools([shown], approved, settings as unknown as McpSettings, nobody);
  const [tool] = made.tools;
  if (tool === undefined) throw new Error('expected the tool');
  expect(tool.inputJsonSchema.required).toEqual(['size']);
  const parse = (args: object) => parseArguments(tool, { ...args }, nobody as never, 100);
  expect(parse({ a: null, b: null, scale: null, size: 's' })).toEqual({ b: null, size: 's' });
  expect(() => parse({ size: null })).toThrow('size: expected a text, not null');
  expect(() => parse({})).toThrow('size is required');
});

const nobody = { send: () => Promise.reject(new Error('nobody is asked')), close: async () => {} } as never;

test('what cannot be told is left to the schema, which is looked at for a bounded time', () => {
  const schema = { properties: { a: {}, b: true, c: { $ref: '#/nowhere' }, d: { not: { type: 'null' } } } };
  const nulls = { a: null, b: null, c: null, d: null };
  expect(withoutNulls(nulls, schema, 'deep')).toEqual(nulls);
  const ofBoth = { anyOf: [{ type: 'string' }, { type: 'null' }] };
  const mixed = { properties: { a: ofBoth, b: { allOf: [ofBoth, { type: 'string' }] }, c: { enum: ['x'] } } };
  expect(withoutNulls({ a: null, b: null, c: null }, mixed, 'deep')).toEqual({ a: null });
  const endless = { properties: { a: { anyOf: Array(50).fill({ $ref: '#/properties/a' }) } } };
  expect(withoutNulls({ a: null }, endless, 'deep')).toEqual({ a: null });
  const own = JSON.parse('{"__proto__":null,"a":null}');
  expect(Object.keys(withoutNulls(own, { properties: { a: { type: 'string' } } }, 'deep'))).toEqual([
    '__proto__',
  ]);
});

test('parameters of MCP that are null are absent, and the two lanes say the same bytes', async () => {
  const lanes = await startTwoLanes({ seed: false });
  const key = lanes.acme.defaultKey;
  const messages = [
    { method: 'tools/list', params: null },
    { method: 'tools/list', params: { cursor: null } },
    { method: 'tools/list', params: { _meta: null } },
    { method: 'tools/list', params: { _meta: { progressToken: null } } },
    { method: 'ping', params: null },
    { method: 'resources/list', params: { cursor: null } },
    { method: 'tools/call', params: { name: 'whoami', arguments: null } },
    { method: 'tools/call', params: { name: 'whoami', arguments: {}, _meta: { progressToken: null } } },
    { method: 'tools/call', params: { name: 'whoami', _meta: null, task: null } },
  ] as const;
  for (const message of messages) {
    const answers = await lanes.send(older(key, message as never));
    expectSame(answers);
    expect([answers[0].status, JSON.parse(answers[0].message).error]).toEqual([200, undefined]);
  }
  for (const { method, params } of messages.filter(({ method }) => method !== 'ping')) {
    const { _meta, ...rest } = { _meta: null, ...params };
    const answers = await lanes.send(modern(key, { method, params: rest }, _meta ?? {}));
    expectSame(answers);
    expect([answers[0].status, JSON.parse(answers[0].message).error]).toEqual([200, undefined]);
  }
  for (const params of [{ name: null }, { name: 'whoami', arguments: [] }, []]) {
    const answers = await lanes.send(older(key, { method: 'tools/call', params: params as never }));
    expectSame(answers);
    expect(JSON.parse(answers[0].message).error.data.code).toBe('INVALID_REQUEST');
  }
});
