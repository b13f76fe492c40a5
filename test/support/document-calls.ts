import { expect } from 'vitest';
import type { OpenApiSettings } from '../../src/config/downstreams.ts';
import { bindDownstream } from '../../src/downstream/bound-downstream.ts';
import type { Downstream, DownstreamRequest } from '../../src/downstream/downstream.ts';
import { AppError } from '../../src/errors.ts';
import { newOrganizationId } from '../../src/ids.ts';
import type { Node } from '../../src/json-schema/node.ts';
import { withRequiredDefaults } from '../../src/json-schema/required-defaults.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import { createOpenApiTools } from '../../src/tool-sources/openapi/create-openapi-tools.ts';
import {
  type ApiOperation,
  listOperations,
  type Parameter,
} from '../../src/tool-sources/openapi/list-operations.ts';
import { exampleOf } from './schema-example.ts';

export const SCOPE = 'some:scope';
const organization = { in: 'query', name: 'of_organization' } as const;
export const everyMethod = Object.fromEntries(
  ['get', 'post', 'put', 'patch', 'delete'].map((method) => [method, SCOPE]),
);
const settings = {
  prefix: 'x',
  rest: true,
  checkReplies: true,
  organization,
  scopes: { operations: {}, tags: {}, methods: everyMethod },
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
  const locations = tool.platform?.locations;
  const bound = bindDownstream(downstream, {
    principal: caller,
    effect: tool.effect,
    slot,
    signal,
    locations,
  });
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
  document: Node,
  operation: ApiOperation,
  input: Record<string, unknown>,
  request: DownstreamRequest,
) {
  const inPath = operation.parameters.filter((each) => each.in === 'path');
  const plain = (name: string) => input[name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 50)];
  const textOf = ({ name, isJson }: Parameter) =>
    isJson ? JSON.stringify(plain(name)) : String(plain(name));
  const path = inPath.reduce(
    (text, each) => text.replaceAll(`{${each.name}}`, encodeURIComponent(textOf(each))),
    operation.path,
  );
  const isPlain = inPath.every(({ name }) => ['string', 'number', 'boolean'].includes(typeof plain(name)));
  expect(request.method).toBe(operation.method.toUpperCase());
  if (isPlain) expect(request.url.pathname).toBe(new URL(path, 'http://x').pathname);
  expect(request.url.searchParams.getAll('of_organization')).toEqual([organizationId]);
  expect([...request.url.searchParams.keys()].at(-1)).toBe('of_organization');
  for (const each of operation.parameters) {
    const { name, in: place } = each;
    if (place !== 'query' || !['string', 'number', 'boolean'].includes(typeof plain(name))) continue;
    expect([name, request.url.searchParams.getAll(name)]).toEqual([name, [textOf(each)]]);
  }
  const schema = operation.body?.schema;
  // What the document requires and has a default for need not be given, and is sent.
  if (schema !== undefined)
    expect(request.body).toEqual(withRequiredDefaults(document, schema, input.body, () => false));
}

/** The first operations of a document that are tools, called as their schemas say. */
export async function callSome(document: Node, most: number) {
  const { sent, downstream } = recorder();
  const { tools, refused } = createOpenApiTools(document, settings, downstream);
  const operations = listOperations(document).filter(
    ({ id }) => !refused.some((line) => line.startsWith(`${id}: `)),
  );
  expect(tools.length).toBe(operations.length);
  for (const line of refused) expect(line).toMatch(/: its (?:parameter|body|path) /);
  let called = 0;
  const step = Math.max(1, Math.floor(tools.length / most));
  for (let index = 0; index < tools.length; index += step) {
    const [tool, operation] = [tools[index], operations[index]];
    if (tool === undefined || operation === undefined) continue;
    expect(tool.name).toMatch(/^x_[a-z0-9_]{1,62}$/);
    const done = await send(tool, downstream, sent);
    if (done === undefined) continue;
    expectAsDocumented(document, operation, done.input, done.request);
    called += 1;
  }
  return { tools: tools.length, called };
}
