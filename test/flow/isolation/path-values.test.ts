import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeOrganization } from '../../../src/downstream/organization/write-organization.ts';
import { path, pathOf, pathOfName } from '../../../src/downstream/path.ts';
import { defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { goodPathValues, leavingPathValues } from '../../support/path-values.ts';
import { platformDocument } from '../../support/platform-document.ts';
import { bearer, rawHttp } from '../../support/raw-http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

const write = (template: string, values: Readonly<Record<string, string>>, slashes: readonly string[] = []) =>
  pathOf(template, (name) => {
    const text = values[name];
    return text === undefined ? undefined : { text, label: name, mayHoldSlashes: slashes.includes(name) };
  }).text;

const refused = { code: 'VALIDATION_ERROR', message: expect.stringMatching(/^id: expected /) };

test.each(leavingPathValues)('%j could leave its segment at some hop, and is refused by its name', (id) => {
  expect(() => write('/docs/{id}', { id })).toThrow(expect.objectContaining(refused));
  expect(() => path`/docs/${id}/rows`).toThrow(/^\/docs\/…: expected /);
});

test.each(goodPathValues)('%j is a good value, and is percent-encoded once', (id) => {
  expect(write('/docs/{id}', { id })).toBe(`/docs/${encodeURIComponent(id)}`);
  expect(path`/docs/${id}/rows`.text).toBe(`/docs/${encodeURIComponent(id)}/rows`);
});

test('a value has at most 1,024 bytes', () => {
  expect(write('/docs/{id}', { id: 'ü'.repeat(512) })).toHaveLength('/docs/'.length + 512 * 6);
  expect(() => write('/docs/{id}', { id: `${'ü'.repeat(512)}a` })).toThrow('id: expected at most 1024 bytes');
});

test.each([
  ['/x/.{id}', '%2e'],
  ['/x/..{id}', '?x'],
  ['/x/.%2E{id}', '#x'],
  ['/x/%2{id}', 'e'],
  ['/x/{id}{more}', '%2'],
  ['/x/..{id}', ' '],
])('%s with %j would be another path for a hop that decodes', (template, id) => {
  expect(() => write(template, { id, more: 'f..' })).toThrow(/^id: expected/);
});

test('literals beside a value leave it what it is', () => {
  const write2 = (base: string, head: string) => write('/compare/{base}...{head}', { base, head });
  expect(write2('v1', '50%')).toBe('/compare/v1...50%25');
  expect(write('/x/.{id}', { id: 'git' })).toBe('/x/.git');
  expect(write('/a%2Fb{id}', { id: 'c' })).toBe('/a%2Fbc');
  expect(write('/orgs/{org}/x/{id}', { id: '{org}' })).toBe('/orgs/{org}/x/%7Borg%7D');
});

test('a parameter that takes slashes has none of them beside nothing, "." or ".."', () => {
  const file = (id: string) => write('/files/{id}', { id }, ['id']);
  expect(file('src/a b.ts')).toBe('/files/src%2Fa%20b.ts');
  expect(file('a%2Fb/50%')).toBe('/files/a%252Fb%2F50%25');
  const wrong = [
    '/a',
    'a/',
    'a//b',
    '..',
    'a/../b',
    './a',
    'a/%2e%2e/b',
    'a/..%252fb',
    'a%2F',
    'a\\b',
    'a/..;/b',
    'a/.. /b',
    'a/..%20',
  ];
  for (const id of [...wrong, 'a/b\n', '']) expect(() => file(id), id).toThrow(/^id: expected/);
  expect(() => write('/{id}/{more}', { id: 'a/b', more: 'c/d' }, ['id'])).toThrow(/^more: expected no "\/"/);
});

test.each(['ns/tool', 'a b', '..%2f', 'ü', '50%'])(
  'the name of an MCP tool, %j, is no path of anybody',
  (name) => {
    const draft = { path: pathOfName('/tools', name), query: {}, headers: {}, body: {} };
    const { url } = writeOrganization(draft, 'a/b', '', [{ in: 'header', name: 'X-Organization-Id' }]);
    expect(decodeURIComponent(url.pathname)).toBe(`/tools/${name}`);
  },
);

/** Acme behind a document whose paths hold all that a path may hold, its organisation in the path. */
async function startDesk(externalId: string | null = null) {
  const dir = temporaryDir();
  const parameter = (name: string, schema: object = { type: 'string' }) => ({
    name,
    in: 'path',
    required: true,
    schema,
  });
  const operation = (operationId: string, names: readonly string[], schema?: object) => ({
    operationId,
    parameters: [parameter('organization_id'), ...names.map((name) => parameter(name, schema))],
    responses: { 200: { description: 'Done.' } },
  });
  const paths = {
    '/orgs/{organization_id}/docs/{id}': {
      get: operation('getDoc', ['id']),
      delete: operation('deleteDoc', ['id']),
    },
    '/orgs/{organization_id}/workspaces/{workspace_id}/files/{path}': {
      get: operation('getFile', ['workspace_id', 'path']),
    },
    '/orgs/{organization_id}/many/{ids}': { get: operation('getMany', ['ids'], {}) },
  };
  writeFileSync(join(dir, 'paths.json'), JSON.stringify({ ...platformDocument, paths }));
  const platform = await startRestPlatform((_call, response) => json(response, {}));
  const downstream = {
    prefix: 'desk',
    openapi: join(dir, 'paths.json'),
    url: `${platform.url}/api`,
    scopes: { methods: { get: 'doc:read', delete: 'doc:write' } },
    slashes: ['path'],
    requireOrganizationInReply: false,
  };
  const canonical = ['doc:read', 'doc:write', 'agent:read'];
  const inPath = { organization: { in: 'path', name: 'organization_id' } };
  const app = await startApp({
    seed: false,
    config: {
      scopes: { catalogue: [...new Set([...defaultCatalogue, ...canonical])], canonical },
      downstream: { url: `${platform.url}/orgs/{organization_id}`, ...inPath },
      downstreams: [{ ...downstream, ...inPath }],
    },
  });
  const acme = await app.provision('Acme', undefined, externalId);
  const call = async (name: string, args: object) => {
    platform.calls.length = 0;
    const answer = await callTool(app.url, acme.defaultKey, name, args);
    return [refusalIn(answer)?.code, ...platform.calls.map(({ target }) => target)];
  };
  return { ...app, acme, platform, call };
}

test('what is refused reaches no platform and leaves one row, not an intent, on every surface', async () => {
  const app = await startDesk('acme');
  const key = app.acme.defaultKey;
  const nothing = ['VALIDATION_ERROR'];
  expect(await app.call('desk_get_doc', { id: '7' })).toEqual([undefined, '/api/orgs/acme/docs/7']);
  const before = (await app.audit(1000)).length;
  for (const id of ['../../bolt/docs/7', '..%2F..', '..;x', '%c0%ae%c0%ae'])
    expect(await app.call('desk_delete_doc', { id })).toEqual(nothing);
  expect(await app.call('get_agent', { agent_id: '../../../bolt/v1/agents/1' })).toEqual(nothing);
  const rest = [
    '/orgs/docs/..%2F..%2Fbolt',
    '/orgs/docs/%252e%252e',
    '/orgs/docs/%2e%2e',
    '/v1/agents/..%2Fx',
  ];
  app.platform.calls.length = 0;
  for (const [index, target] of rest.entries()) {
    const method = index === 0 ? 'DELETE' : 'GET';
    const answer = await rawHttp(app.port, { method, target, headers: [bearer(key)] });
    expect([target, answer.status, answer.body.error.code]).toEqual([target, 400, 'VALIDATION_ERROR']);
  }
  const read = await rpc(app.url, key, 'resources/read', { uri: 'agent://..%2F..%2Fbolt' });
  expect(refusalIn(read).code).toBe('RESOURCE_NOT_FOUND');
  expect(app.platform.calls).toEqual([]);
  const rows = await app.audit(1000);
  expect(rows).toHaveLength(before + 4 + 1 + rest.length + 1);
  expect(rows.filter(({ method }) => method === 'intent')).toEqual([]);
});

test('a list or an object in a path is held as the text that it becomes', async () => {
  const app = await startDesk();
  const at = `/api/orgs/${app.acme.id}`;
  expect(await app.call('desk_get_many', { ids: ['a', 'b c'] })).toEqual([undefined, `${at}/many/a%2Cb%20c`]);
  expect(await app.call('desk_get_many', { ids: { a: 1 } })).toEqual([undefined, `${at}/many/a%2C1`]);
  for (const ids of [['..'], ['a', '../b'], [], [['a/b']], { a: '..%2F' }, { '../x': 1 }, ['a%5Cb']])
    expect(await app.call('desk_get_many', { ids }), JSON.stringify(ids)).toEqual(['VALIDATION_ERROR']);
});

test('where the document’s parameter takes slashes it is sent them, and its neighbour none', async () => {
  const app = await startDesk();
  const file = (workspace_id: string, path_: string) =>
    app.call('desk_get_file', { workspace_id, path: path_ });
  const at = `/api/orgs/${app.acme.id}/workspaces`;
  expect(await file('ws_1', 'src/a.ts')).toEqual([undefined, `${at}/ws_1/files/src%2Fa.ts`]);
  const narrow = await app.mint(app.acme, {
    scopes: ['doc:read'],
    restrictions: { workspace_ids: ['ws_1'] },
  });
  for (const target of ['ws_1/files/..%2F..%2Fws_2%2Ffiles%2F1', 'ws_1/files/a%2F..%2F..%2F..%2Fws_2']) {
    const answer = await requestJson(`${app.url}/orgs/workspaces/${target}`, { key: narrow.plaintext });
    expect([target, answer.body.error.code]).toEqual([target, 'VALIDATION_ERROR']);
  }
  expect(await file('ws_1/x', 'a')).toEqual(['VALIDATION_ERROR']);
  expect(await file('ws_1', '../a')).toEqual(['VALIDATION_ERROR']);
});

test.each(['a/b', '..', 'a%2Fb', '%252e%252e%252fbolt'])(
  'an organisation that the platform calls %j is written into no path: nothing is sent',
  async (externalId) => {
    const app = await startDesk(externalId);
    expect(await app.call('desk_get_doc', { id: '7' })).toEqual(['VALIDATION_ERROR']);
    expect(await app.call('get_agent', { agent_id: '7' })).toEqual(['VALIDATION_ERROR']);
  },
);
