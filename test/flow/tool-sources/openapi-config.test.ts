import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { prepareTools } from '../../../src/tool-sources/prepare-tools.ts';
import { platformTools, tools } from '../../../tools/index.ts';
import { machineClock } from '../../support/clocks.ts';
import { writeConfig } from '../../support/fresh-start.ts';
import { platformDocument } from '../../support/platform-document.ts';

const downstream = {
  prefix: 'desk',
  openapi: './desk.json',
  scopes: { tags: { tickets: 'agent:read' } },
  organizationInDocument: false,
};

/** The result of a configuration, with `document` beside it. */
async function prepare(settings: object, document: unknown = platformDocument, name = 'desk.json', env = {}) {
  const { dir, file } = writeConfig({ downstreams: [{ ...downstream, ...settings }] });
  if (document !== null) {
    writeFileSync(join(dir, name), typeof document === 'string' ? document : JSON.stringify(document));
  }
  const loaded = loadConfig({ TENANTRY_CONFIG: file, ...env }, dir);
  if (!loaded.ok) return { mistakes: loaded.mistakes, tools: [] };
  const prepared = await prepareTools(loaded.config, env, { tools, platformTools }, machineClock());
  onTestFinished(async () => {
    await Promise.all(prepared.downstreams.map((each) => each.close()));
  });
  return prepared;
}

const changed = (change: object) => ({ ...platformDocument, ...change });
const pathOf = (path: string, operationId: string) => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const parameters = path.startsWith('/x')
    ? []
    : names.map((name) => ({ name, in: 'path', required: true, schema: {} }));
  return {
    [path]: { get: { operationId, tags: ['tickets'], parameters, responses: { 200: { description: 'x' } } } },
  };
};
const withPath = (path: string, operationId: string) => changed({ paths: pathOf(path, operationId) });

test('a mistyped name of the organisation is told even where its real name keeps every operation out', async () => {
  const parameters = [{ name: 'organization_id', in: 'query', required: true, schema: { type: 'string' } }];
  const get = {
    operationId: 'listTickets',
    tags: ['tickets'],
    parameters,
    responses: { 200: { description: 'x' } },
  };
  const document = changed({ paths: { '/tickets': { get } } });
  const { mistakes } = await prepare(
    { organization: { name: 'tenant' }, organizationInDocument: true },
    document,
  );
  expect(mistakes).toEqual([
    expect.stringMatching(
      /organization: expected the name .*, got "tenant"; did you mean "organization_id"\?$/,
    ),
  ]);
});

test.each<[string, object, unknown, RegExp]>([
  ['is not there', {}, null, /desk\.json: ENOENT/],
  ['is no JSON', {}, '{"openapi":', /desk\.json: /],
  ['is Swagger 2', {}, { swagger: '2.0', info: {}, paths: {} }, /OpenAPI 3\.0 or 3\.1, got "Swagger 2\.0"/],
  ['is of another version', {}, changed({ openapi: '4.0.0' }), /got "4\.0\.0"/],
  ['is not valid', {}, changed({ info: undefined }), /desk\.json: .*info/],
  [
    'refers to another file',
    {},
    changed({ paths: { '/x': { $ref: '/etc/passwd#/x' } } }),
    /got "\/etc\/passwd#\/x"/,
  ],
  ['lacks a parameter of its path', {}, withPath('/x/{id}', 'x'), /missing path parameter/],
  ['names no server', {}, changed({ servers: [{ url: '/api' }] }), /absolute https address/],
  [
    'claims a path of ours',
    {},
    withPath('/v1/things', 'things'),
    /desk_things: .*not reserved.*"rest": false/,
  ],
  ['claims any first segment', {}, withPath('/{area}/x', 'x'), /word as the first segment/],
  ['claims the MCP path', {}, withPath('/mcp', 'mcp'), /desk_mcp: .*not reserved/],
  ['claims an operator path', {}, withPath('/admin/x', 'x'), /desk_x: .*not reserved/],
  [
    'has names that clash',
    {},
    changed({ paths: { ...pathOf('/a', 'a-b'), ...pathOf('/b', 'a_b') } }),
    /desk_a_b: expected a name of its own/,
  ],
  [
    'has no such operation',
    { scopes: { operations: { none: 'agent:read' } } },
    platformDocument,
    /scopes\.operations: .*"none"/,
  ],
  [
    'has no such tag',
    { scopes: { tags: { none: 'agent:read' } } },
    platformDocument,
    /scopes\.tags: .*"none"/,
  ],
  [
    'asks for an unknown scope',
    { scopes: { methods: { get: 'no:such' } } },
    platformDocument,
    /scope of the catalogue/,
  ],
])('a document that %s is told at the start', async (_what, settings, document, mistake) => {
  const { mistakes } = await prepare(settings, document);
  expect(mistakes.length).toBeGreaterThan(0);
  for (const each of mistakes) expect(each).toMatch(mistake);
});

test.each<[string, object, RegExp]>([
  ['a prefix that is none', { prefix: 'My Desk' }, /downstreams\.0\.prefix: expected a word/],
  ['an address without TLS', { url: 'http://desk.example' }, /downstreams\.0\.url: expected a URL/],
  ...['/..', '/api/../v2', '/%2e%2E/x', '/./x', '/a%2Fb', '/a\\b', '/a%5cb'].map(
    (path): [string, object, RegExp] => [
      `an address with the path ${path}`,
      { url: `https://desk.example${path}` },
      /downstreams\.0\.url: expected a path without "\.", "\.\."/,
    ],
  ),
  ['an address with a query', { url: 'https://desk.example/?a=b' }, /downstreams\.0\.url/],
  [
    'a credential that is not set',
    { url: 'https://desk.example', credential: { environment: 'DESK_TOKEN' } },
    /DESK_TOKEN: expected the credential/,
  ],
  [
    'a credential in a header that is taken',
    { url: 'https://desk.example', credential: { environment: 'X', header: 'Host' } },
    /credential\.header: expected a header of its own/,
  ],
  [
    'an organisation that no operation has',
    { organization: { in: 'query', name: 'organisation' }, organizationInDocument: true },
    /organization: expected the name of a parameter of the document, got "organisation"/,
  ],
  [
    'a parameter of slashes that no path has',
    { slashes: ['id', 'ids'] },
    /downstreams desk: slashes: expected a parameter in the path .*, got "ids"/,
  ],
  ['a document over plain HTTP', { openapi: 'http://desk.example/desk.json' }, /openapi: .*https/],
  [
    'an organisation in the header of the credential',
    {
      url: 'https://desk.example',
      organization: { in: 'header', name: 'x-desk' },
      credential: { environment: 'DESK_{organization_id}', header: 'X-Desk' },
    },
    /expected another header than the organisation's, got "X-Desk"/,
  ],
  ...['TENANTRY_API_KEY', 'ADMIN_TOKEN', 'METRICS_TOKEN'].map((environment): [string, object, RegExp] => [
    `the credential ${environment} of ours`,
    { url: 'https://desk.example', credential: { environment } },
    /credential\.environment/,
  ]),
  [
    'a credential for whatever address the document has',
    { credential: { environment: 'DESK_{organization_id}' } },
    /downstreams\.0\.url: expected the address that the credential is for/,
  ],
  [
    'an organisation in a header that is taken',
    { organization: { in: 'header', name: 'Content-Length' } },
    /organization: expected a header of its own/,
  ],
  ['a field that is unknown', { scope: 'x' }, /downstreams\.0: /],
])('%s is a mistake of the configuration', async (_what, settings, mistake) => {
  const { mistakes } = await prepare(settings);
  expect(mistakes).toEqual([expect.stringMatching(mistake)]);
});

test('with REST off a document may have any paths, and two documents work side by side', async () => {
  const { mistakes, tools: made } = await prepare({ rest: false }, withPath('/v1/keys', 'listKeys'));
  expect(mistakes).toEqual([]);
  expect(made.filter(({ name }) => name === 'desk_list_keys')).toMatchObject([
    { rest: null, scope: 'agent:read' },
  ]);
  const { dir, file } = writeConfig({
    downstreams: [downstream, { ...downstream, scopes: { methods: { get: 'job:read' } } }],
  });
  const twice = loadConfig({ TENANTRY_CONFIG: file }, dir);
  expect(twice).toMatchObject({
    ok: false,
    mistakes: [expect.stringContaining('downstreams.1.prefix: expected a prefix of its own')],
  });
});

test('a document is read in YAML too, and from a URL, which is not followed elsewhere', async () => {
  const yaml = [
    'openapi: 3.1.0',
    'info: { title: Y, version: "1" }',
    'servers: [{ url: "https://{region}.example/v2", variables: { region: { default: eu } } }]',
    'paths:',
    '  /things: { get: { operationId: listThings, tags: [tickets], responses: { "200": { description: ok } } } }',
  ].join('\n');
  const ofFile = await prepare({ openapi: './desk.yaml' }, yaml, 'desk.yaml');
  expect(ofFile.mistakes).toEqual([]);
  expect(ofFile.tools.map(({ name }) => name)).toContain('desk_list_things');
  const server = createServer(({ url }, response) => {
    if (url === '/elsewhere') response.writeHead(302, { location: '/desk.json' }).end();
    else response.end(JSON.stringify(platformDocument));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ofUrl = await prepare({ openapi: `${base}/desk.json` }, null);
  expect(ofUrl.tools.map(({ name }) => name)).toContain('desk_get_ticket');
  const redirected = await prepare({ openapi: `${base}/elsewhere` }, null);
  expect(redirected.mistakes).toEqual([expect.stringContaining('expected an answer of 200, got 302')]);
});

test('what cannot be sent as the document says is refused with the reason; arguments of one name are told apart', async () => {
  const named = (name: string, more: object) => ({ name, in: 'query', schema: { type: 'string' }, ...more });
  const operation = (operationId: string, parameters: object[]) => ({
    get: { operationId, tags: ['tickets'], parameters, responses: { 200: { description: 'x' } } },
  });
  const prepared = await prepare(
    { rest: false },
    changed({
      paths: {
        '/cookies': operation('byCookie', [named('session', { in: 'cookie', required: true })]),
        '/matrix/{id}': operation('byMatrix', [named('id', { in: 'path', required: true, style: 'matrix' })]),
        '/twice/{id}': operation('twice', [
          named('id', { in: 'path', required: true }),
          named('id', {}),
          named('body', {}),
        ]),
      },
    }),
  );
  expect(prepared.mistakes).toEqual([]);
  if (!('reports' in prepared)) throw new Error('not prepared');
  expect(prepared.reports[0]?.refused).toEqual([
    'byCookie: its parameter "session" cannot be sent',
    'byMatrix: its parameter "id" cannot be sent',
  ]);
  const twice = prepared.tools.find(({ name }) => name === 'desk_twice');
  expect(Object.keys(twice?.inputJsonSchema.properties ?? {})).toEqual(['id', 'query_id', 'query_body']);
});

test('the name of a header has no case: the organisation is no argument, however the document writes it', async () => {
  const parameters = [{ name: 'X-TENANT', in: 'header', required: true, schema: { type: 'string' } }];
  const things = { operationId: 'listThings', tags: ['tickets'], parameters };
  const { mistakes, tools: made } = await prepare(
    { organization: { in: 'header', name: 'x-tenant' }, organizationInDocument: true },
    changed({ paths: { '/things': { get: { ...things, responses: { 200: { description: 'x' } } } } } }),
  );
  expect(mistakes).toEqual([]);
  const list = made.find(({ name }) => name === 'desk_list_things');
  expect(list?.inputJsonSchema.properties).toEqual({});
});
