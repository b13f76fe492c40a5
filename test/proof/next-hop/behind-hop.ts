import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditSlot } from '../../../src/audit/audit-slot.ts';
import { AppError } from '../../../src/errors.ts';
import { newRequestId, type OrganizationId } from '../../../src/ids.ts';
import { freezePrincipal, type PrincipalKey, type TenantPrincipal } from '../../../src/principal.ts';
import { defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { type CallToolDeps, callTool } from '../../../src/tool/call/call-tool.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { startApp } from '../../support/start-app.ts';
import type { Asked } from './questions.ts';

const pathParameters = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const operation = (operationId: string, path: string, hasBody = false) => ({
  operationId,
  parameters: pathParameters(path),
  ...(hasBody && { requestBody: { content: { 'application/json': { schema: { type: 'object' } } } } }),
  responses: { 200: { description: 'Done.' } },
});

const document = (
  operations: Readonly<Record<string, readonly (readonly [method: string, id: string])[]>>,
) => ({
  openapi: '3.1.0',
  info: { title: 'Two organisations', version: '1' },
  paths: Object.fromEntries(
    Object.entries(operations).map(([path, list]) => [
      path,
      Object.fromEntries(list.map(([method, id]) => [method, operation(id, path, method === 'put')])),
    ]),
  ),
});

const ofPath = document({
  '/orgs/{organization_id}/docs/{id}': [
    ['get', 'getDoc'],
    ['put', 'putDoc'],
    ['delete', 'deleteDoc'],
  ],
});
const ofQuery = document({
  '/notes/{id}': [['get', 'getNote']],
  '/secrets/{id}': [['get', 'getSecret']],
  '/compare/{base}...{head}': [['get', 'compare']],
  '/workspaces/{workspace_id}/files/{id}': [['get', 'getFile']],
  '/pairs/{left}{right}': [['get', 'getPair']],
  '/tree/{path}': [['get', 'getTree']],
  '/internal/users': [['get', 'listUsers']],
});

const operations = { getDoc: 'doc:read', putDoc: 'doc:write', deleteDoc: 'doc:write' };
const inQuery = {
  getPair: 'doc:read',
  getTree: 'doc:read',
  getNote: 'doc:read',
  compare: 'doc:read',
  getFile: 'doc:read',
  getSecret: 'secret:read',
};
const reads = ['doc:read', 'agent:read', 'study:read', 'job:read', 'research_group:read'];

/** The app, its platform behind `hop`: built-in tools and a document with the organisation in the path, one in the query. */
export async function startBehindHop(hop: string) {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'path.json'), JSON.stringify(ofPath));
  writeFileSync(join(dir, 'query.json'), JSON.stringify(ofQuery));
  const terms = { requireOrganizationInReply: false };
  const inPath = { organization: { in: 'path', name: 'organization_id' } };
  const api = { url: `${hop}/api`, ...terms };
  const app = await startApp({
    seed: false,
    config: {
      scopes: {
        catalogue: [...defaultCatalogue, 'doc:read', 'doc:write', 'secret:read'],
        canonical: [...reads, 'doc:write'],
      },
      downstream: { url: `${hop}/orgs/{organization_id}`, ...terms, ...inPath },
      downstreams: [
        { prefix: 'p', openapi: join(dir, 'path.json'), scopes: { operations }, ...api, ...inPath },
        {
          ...{ prefix: 'q', openapi: join(dir, 'query.json'), scopes: { operations: inQuery } },
          ...{ ...api, organizationInDocument: false, slashes: ['path'] },
        },
      ],
    },
  });
  const acme = await app.provision('Acme', undefined, 'acme');
  await app.provision('Bolt', undefined, 'bolt');
  const inWorkspace = await app.mint(acme, { scopes: reads, restrictions: { workspace_ids: ['ws_1'] } });
  return {
    ...app,
    acme,
    keyOfWorkspace: inWorkspace.plaintext,
    ask: askAs(callerOf(acme.id, inWorkspace), app.services.callTool),
  };
}

export type BehindHop = Awaited<ReturnType<typeof startBehindHop>>;

/** The outcome of a call: the refusal's own words, whether a write was announced, and the id that the platform saw. */
export type Outcome = {
  readonly refusal: AppError | undefined;
  readonly intents: number;
  readonly requestId: string;
};

/** Calls as every surface does, without the surface: fast enough for a hundred thousand. */
const askAs =
  (callerAs: (externalId?: string) => TenantPrincipal, deps: CallToolDeps) =>
  async ({ tool, args, organization }: Asked): Promise<Outcome> => {
    const requestId = newRequestId();
    let intents = 0;
    const slot: AuditSlot = {
      requestId,
      traceparent: null,
      isClosed: () => false,
      note() {},
      async mutate() {
        throw new Error('a platform’s tool changes nothing of ours');
      },
      async intent() {
        intents += 1;
      },
      async close() {},
    };
    const call = { name: tool, arguments: args, slot, signal: new AbortController().signal, progress: null };
    const outcome = (refusal?: AppError) => ({ refusal, intents, requestId });
    return callTool(callerAs(organization), call, deps).then(
      () => outcome(),
      (thrown) => {
        if (thrown instanceof AppError) return outcome(thrown);
        throw thrown;
      },
    );
  };

/** Acme, by the platform's id for it. */
const callerOf =
  (id: OrganizationId, key: Pick<PrincipalKey, 'id' | 'prefix'>) =>
  (externalId = 'acme') =>
    freezePrincipal({
      kind: 'key',
      subjectId: key.id,
      actorName: key.prefix,
      tier: 'organization-key',
      organization: { id, name: 'Acme', externalId },
      key: {
        ...{ id: key.id, prefix: key.prefix, name: 'x', scopeType: 'global', owner: 'x', createdBy: 'x' },
        ...{
          canonicalVersion: null,
          restrictedToTools: null,
          restrictedToWorkspaces: null,
          expiresAtMs: null,
        },
      },
      userId: null,
      isAdmin: false,
      scopes: [...reads, 'doc:write'],
    });
