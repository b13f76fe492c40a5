import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportLine } from '../../../src/tool-sources/tool-report.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

const placesOf = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

/** A tool for each of these paths of a document, its places filled with `7`; `base` stands in the platform's URL. */
async function startPaths(paths: readonly string[], base = '') {
  const platform = await startRestPlatform((_call, response) => json(response, {}));
  const openapi = join(temporaryDir(), 'paths.json');
  const operationOf = (path: string, index: number) => ({
    operationId: `op${index}`,
    parameters: placesOf(path).map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    responses: { 200: { description: 'x' } },
  });
  const document = {
    openapi: '3.1.0',
    info: { title: 'Paths', version: '1' },
    paths: Object.fromEntries(paths.map((path, index) => [path, { get: operationOf(path, index) }])),
  };
  writeFileSync(openapi, JSON.stringify(document));
  const downstream = {
    prefix: 'p',
    openapi,
    url: platform.url + base,
    scopes: { methods: { get: 'agent:read' } },
    organizationInDocument: false,
    requireOrganizationInReply: false,
  };
  const app = await startApp({ seed: false, config: { builtinTools: false, downstreams: [downstream] } });
  const acme = await app.provision('Acme');
  const call = async (index: number) => {
    platform.calls.length = 0;
    const answer = await callTool(
      app.url,
      acme.defaultKey,
      `p_op${index}`,
      Object.fromEntries(placesOf(paths[index] ?? '').map((name) => [name, '7'])),
    );
    return [refusalIn(answer)?.code ?? 'ok', platform.calls[0]?.target.split('?')[0]];
  };
  return { report: app.reports[0], call };
}

test('a path of the document that no call could be sent to is refused at start, by name and counted', async () => {
  const broken = [
    '/a/../b',
    '/a/./b',
    '/..',
    '/a/.',
    '/a/..?b',
    '/a/%2e%2e/b',
    '/a/.%2E/b',
    '/a\\b',
    '/a/%2F{id}',
    '/a/%5C{id}',
    '/a/;{id}',
    '/a/%00{id}',
    '//{id}',
    '//other.example/x',
    '/a#{id}',
    '/a/b#c',
  ];
  const { report, call } = await startPaths(['/a/b', ...broken]);
  expect(report?.tools).toBe(1);
  expect(report?.refused).toEqual(
    broken.map((path, index) => `op${index + 1}: its path "${path}" cannot be sent`),
  );
  expect(report && reportLine(report)).toMatch(/^p: 1 tool served; 1 refused \(its path /);
  for (const [index] of broken.entries())
    expect([index, ...(await call(index + 1))]).toEqual([index, 'UNKNOWN_TOOL', undefined]);
});

test('every other path is sent as the document has it', async () => {
  const good = {
    '/': '/',
    '/a/': '/a/',
    '/a//b': '/a//b',
    '/.well-known/x': '/.well-known/x',
    '/a...b': '/a...b',
    '/a%2Fb': '/a%2Fb',
    '/a%20b/{id}': '/a%20b/7',
    '/a/{id}..{at}': '/a/7..7',
    '/a;v=1/{id}': '/a;v=1/7',
    '/a:b@c/{id}': '/a:b@c/7',
  };
  const { report, call } = await startPaths(Object.keys(good));
  expect(report?.refused).toEqual([]);
  for (const [index, target] of Object.values(good).entries())
    expect(await call(index)).toEqual(['ok', target]);
});

test('the path of the platform’s URL comes first', async () => {
  const { report, call } = await startPaths(['//{id}', '/../{id}'], '/api');
  expect(report?.refused).toEqual(['op1: its path "/../{id}" cannot be sent']);
  expect(await call(0)).toEqual(['ok', '/api//7']);
});
