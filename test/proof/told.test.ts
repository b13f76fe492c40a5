import fc from 'fast-check';
import { test } from 'vitest';
import type { McpSettings, OpenApiSettings } from '../../src/config/downstreams.ts';
import { bindDownstream } from '../../src/downstream/bound-downstream.ts';
import type { Downstream, DownstreamRequest, OrganizationLocation } from '../../src/downstream/downstream.ts';
import { AppError } from '../../src/errors.ts';
import { newOrganizationId, type OrganizationId } from '../../src/ids.ts';
import { provisionOrganization } from '../../src/provisioning/provision.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import { hashOf, offerOf } from '../../src/tool-sources/approved-tools.ts';
import { createMcpTools } from '../../src/tool-sources/mcp/create-mcp-tools.ts';
import { createOpenApiTools } from '../../src/tool-sources/openapi/create-openapi-tools.ts';
import { auditRow } from '../store/contract/fixtures.ts';
import { startApp } from '../support/start-app.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const OWN = 'own-17';
const seed = Math.floor(Math.random() * 2 ** 31);
const organization = { id: newOrganizationId(Date.now()), name: 'Acme', externalId: OWN };
const caller = { organization, key: null } as never;
const slot = { requestId: 'r', traceparent: null, intent: async () => {} } as never;

/** The network below, which keeps what leaves. */
function recorder(place: OrganizationLocation, more: object = {}) {
  const sent: DownstreamRequest[] = [];
  const terms = {
    organization: place,
    basePath: '',
    replyField: 'organization_id',
    requireOrganizationInReply: false,
    ...more,
  };
  const send = async (request: DownstreamRequest) => {
    sent.push(request);
    return { status: 200, body: {} };
  };
  const downstream: Downstream = { terms, credentialFor: () => ({}), close: async () => {}, send };
  return { sent, downstream };
}

/** What leaves for a call; the code where nothing does. */
async function call(tool: Tool, input: unknown, { sent, downstream }: ReturnType<typeof recorder>) {
  sent.length = 0;
  const { signal } = new AbortController();
  const locations = tool.platform?.locations;
  try {
    tool.precheck(input as never, caller);
    const bound = bindDownstream(downstream, {
      principal: caller,
      effect: tool.effect,
      slot,
      signal,
      locations,
    });
    await tool.handle(input, { downstream: bound, progress: null } as never);
  } catch (error) {
    if (sent.length === 0) return error instanceof AppError ? error.code : String(error);
  }
  return sent[0];
}

/** Anywhere at all: what is told in a place that the platform does not read is another promise. */
const isTold = ({ url, headers, body }: DownstreamRequest): boolean =>
  JSON.stringify([url.pathname, url.search, headers, body]).includes(OWN);

const text = { type: 'string' };
const bodies = [
  undefined,
  { type: 'object', properties: { a: text } },
  { type: 'object', properties: { org: text } },
  { type: 'array', items: text },
  text,
];
const operation = fc.record({
  method: fc.constantFrom('get', 'post', 'put', 'patch', 'delete'),
  segments: fc.array(fc.constantFrom('things', '{org}', '{id}', '{owner}', 'x{id}.{org}'), {
    minLength: 1,
    maxLength: 4,
  }),
  declared: fc.constantFrom(undefined, 'query', 'header'),
  body: fc.constantFrom(...bodies),
});
const setting = fc.record({
  place: fc.constantFrom('path', 'query', 'header', 'body'),
  basePath: fc.constantFrom('', '/api', '/for/{org}'),
  exempt: fc.constantFrom({}, { credentialPerOrganization: true }),
});
const inputOf = ({ inputJsonSchema }: Tool, body: { readonly type?: string } | undefined) => {
  const names = Object.keys(inputJsonSchema.properties as object);
  const bodyOf = { object: {}, array: ['a'], string: 'a' }[body?.type ?? ''];
  return Object.fromEntries(names.map((name) => [name, name === 'body' ? bodyOf : 'x1']));
};

test('every request tells the organisation, or its operation is refused at start', async (context) => {
  const rounds = trials({ planted: 1_000, ci: 2_000, full: 100_000 });
  const failures: string[] = [];
  for (const [made, { place, basePath, exempt }] of fc.sample(fc.tuple(operation, setting), {
    numRuns: rounds,
    seed,
  })) {
    const path = `/${made.segments.join('/')}`;
    const names = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    const parameters = [...names].map((name) => ({ name, in: 'path', required: true, schema: text }));
    const declared = made.declared === undefined ? [] : [{ name: 'org', in: made.declared, schema: text }];
    const requestBody = made.body && {
      required: true,
      content: { 'application/json': { schema: made.body } },
    };
    const described = {
      operationId: 'it',
      parameters: [...parameters, ...declared],
      ...(requestBody && { requestBody }),
      responses: {},
    };
    const document = { paths: { [path]: { [made.method]: described } } };
    const settings = {
      prefix: 'p',
      rest: false,
      organization: { in: place, name: 'org' },
      organizationInDocument: false,
      scopes: { operations: { it: 'a:b' }, tags: {}, methods: {} },
    } as unknown as OpenApiSettings;
    const network = recorder(settings.organization, { basePath, ...exempt });
    const { tools, refused } = createOpenApiTools(document, settings, network.downstream);
    const [tool] = tools;
    const what = `seed ${seed}: ${JSON.stringify([document, place, basePath, exempt])}`;
    if (tool === undefined) {
      if ('credentialPerOrganization' in exempt || refused.length !== 1) failures.push(`refused: ${what}`);
      continue;
    }
    const left = await call(tool, inputOf(tool, made.body), network);
    if (typeof left !== 'object') failures.push(`${left}: ${what}`);
    else if (!isTold(left) && !('credentialPerOrganization' in exempt))
      failures.push(`told nothing: ${what}`);
  }
  prove(context, {
    id: 'told.requests',
    property: 'every request tells the platform its organisation, or is none',
    trials: rounds,
    unit: 'operations',
    failures,
    measured: { seed },
  });
});

const spellings = [
  (name: string) => name,
  (name: string) => name.toUpperCase(),
  (name: string) => name.replaceAll('_', '-'),
  (name: string) => name.replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase()),
  (name: string) => `${name}[]`,
  (name: string) => `a[${name}]`,
  (name: string) => `\u200b${name}`,
  (name: string) => name.replace('i', '\u0131'),
  (name: string) => name.replace(/./, (first) => String.fromCharCode(first.charCodeAt(0) + 0xfee0)),
];
const argumentName = fc
  .tuple(fc.constantFrom('tenant_id', 'organization_id', 'organisation_id'), fc.constantFrom(...spellings))
  .map(([name, spell]) => spell(name));
const depths = [
  (inner: object) => inner,
  (inner: object) => ({ a: inner }),
  (inner: object) => ({ a: [{ b: { c: inner } }] }),
];
const upstreamSchemas = [
  { type: 'object', additionalProperties: true },
  { type: 'object', additionalProperties: {}, properties: { q: text } },
  { type: 'object', properties: { tenant_id: text }, additionalProperties: true },
  { type: 'object', allOf: [{ properties: { tenant_id: text } }] },
  { type: 'object', properties: { a: { type: 'object', properties: { tenant_id: text } } } },
];

test('no caller of an upstream tool names an organisation, and an open one is told ours', async (context) => {
  const rounds = trials({ planted: 500, ci: 1_000, full: 100_000 });
  const network = recorder({ in: 'header', name: 'X-Organization-Id' });
  const upstream = upstreamSchemas.map((inputSchema, at) => ({ name: `t${at}`, inputSchema }));
  const approved = Object.fromEntries(upstream.map((tool) => [tool.name, hashOf(offerOf(tool))]));
  const scopes = Object.fromEntries(upstream.map(({ name }) => [name, 'a:b']));
  const settings = {
    prefix: 'u',
    scopes,
    organization: { header: 'X-Organization-Id', argument: 'tenant_id' },
    timeoutSeconds: 1,
  } as unknown as McpSettings;
  const { tools } = createMcpTools(upstream, approved, settings, network.downstream);
  const failures: string[] = [];
  const asked = fc.tuple(argumentName, fc.constantFrom(...depths), fc.constantFrom(...tools));
  for (const [name, wrap, tool] of fc.sample(asked, { numRuns: rounds, seed })) {
    const args = wrap({ [name]: 'B' });
    const named = await call(tool, args, network);
    if (named !== 'ORGANIZATION_IN_ARGUMENTS')
      failures.push(`seed ${seed}: ${tool.name} took ${JSON.stringify(args)}`);
    const left = await call(tool, { q: 'x' }, network);
    const told = typeof left === 'object' ? (left.body as { tenant_id?: string }).tenant_id : left;
    if (told !== (tool.name === 'u_t4' ? undefined : OWN))
      failures.push(`seed ${seed}: ${tool.name} was told ${told}`);
  }
  prove(context, {
    id: 'told.arguments',
    property: 'a caller names no organisation to an upstream, and one that takes any argument is told ours',
    trials: rounds,
    unit: 'pairs of calls',
    failures,
    measured: { seed },
  });
});

test('no two organisations have external ids that a platform could take for one', async (context) => {
  const rounds = trials({ planted: 200, ci: 300, full: 10_000 });
  const app = await startApp({ seed: false });
  const { organizations } = app.services.store;
  const deps = { organizations, format: app.services.mintRules.format, now: app.now };
  const row = ({ id }: { readonly id: OrganizationId }) => auditRow(id);
  const failures: string[] = [];
  const ids = fc.stringMatching(/^ ?[aAbB][aAbB1]{0,2} ?$/);
  for (const externalId of fc.sample(ids, { numRuns: rounds, seed })) {
    const request = { name: 'x', externalId, createdBy: 'cli' };
    const made = await provisionOrganization(request, row, deps).catch((error: AppError) => error.code);
    if (typeof made === 'string' && made !== 'VALIDATION_ERROR') failures.push(`${externalId}: ${made}`);
    if (typeof made === 'object' && made.organization.externalId !== externalId)
      failures.push(`${JSON.stringify(externalId)} is ${made.organization.externalId}`);
  }
  const all = (await organizations.list({ limit: 100 })).map(({ externalId }) => externalId ?? '');
  const folded = new Set(all.map((id) => id.trim().toLowerCase()));
  if (folded.size !== all.length)
    failures.push(`seed ${seed}: ${all.length} ids, ${folded.size} to a platform`);
  prove(context, {
    id: 'told.external-ids',
    property: 'no two organisations have external ids that differ in blanks or case alone',
    trials: rounds,
    unit: 'provisions',
    failures,
    measured: { seed, organisations: all.length },
  });
});
