import { expect, test } from 'vitest';
import type { OpenApiSettings } from '../../../src/config/downstreams.ts';
import type { Downstream } from '../../../src/downstream/downstream.ts';
import { createOpenApiTools } from '../../../src/tool-sources/openapi/create-openapi-tools.ts';

const text = { type: 'string' };
const responses = { 200: { description: 'x' } };
const inQuery = (name: string) => ({ name, in: 'query', schema: text });
const body = (schema: object) => ({ content: { 'application/json': { schema } } });

const document = {
  openapi: '3.1.0',
  info: { title: 'Rivals', version: '1' },
  paths: {
    '/list': {
      get: {
        operationId: 'list',
        parameters: [
          ...['organization_id', 'organizationId', 'filter[organization_id]', 'workspace_id'].map(inQuery),
          ...['orgId', 'tenant', 'tenantId', 'workspace', 'q'].map(inQuery),
          { name: 'X-Org-Id', in: 'header', schema: text },
          { name: 'X-Original-URL', in: 'header', schema: text },
        ],
        responses,
      },
    },
    '/make': {
      post: {
        operationId: 'make',
        parameters: [inQuery('organization_id')],
        requestBody: body({
          type: 'object',
          properties: {
            name: text,
            owner: { $ref: '#/components/schemas/Owner' },
            rows: { type: 'array', items: { type: 'object', properties: { tenant_id: text } } },
          },
        }),
        responses,
      },
    },
    '/graphql': { post: { operationId: 'ask', requestBody: body({ type: 'object' }), responses } },
    '/query': {
      post: {
        operationId: 'query',
        requestBody: body({ type: 'object', properties: { query: text, variables: { type: 'object' } } }),
        responses,
      },
    },
    '/search': {
      post: {
        operationId: 'search',
        requestBody: body({ type: 'object', properties: { query: text } }),
        responses,
      },
    },
  },
  components: {
    schemas: {
      Owner: {
        type: 'object',
        properties: {
          org_id: text,
          parent: { $ref: '#/components/schemas/Owner' },
          company: text,
          customerId: text,
        },
      },
    },
  },
};

const organization = { in: 'query', name: 'organization_id' } as const;
const downstream = {
  terms: { organization, basePath: '', replyField: 'organization_id', requireOrganizationInReply: false },
} as Downstream;
const settings = {
  prefix: 'r',
  rest: false,
  organization,
  organizationInDocument: true,
  scopes: { operations: {}, tags: {}, methods: { get: 'a:b', post: 'a:b' } },
} as unknown as OpenApiSettings;

test('what may be an organisation by another word is told at start, by operation and name, and still served', () => {
  const { tools, refused, rivals } = createOpenApiTools(document, settings, downstream);
  expect([tools.length, refused]).toEqual([5, []]);
  expect(rivals).toEqual([
    'list: orgId',
    'list: tenant',
    'list: tenantId',
    'list: workspace',
    'list: X-Org-Id',
    ...['make: rows[].tenant_id', 'make: owner.org_id', 'make: owner.company', 'make: owner.customerId'],
    'ask: the text of its GraphQL',
    'query: the text of its GraphQL',
  ]);
  const [list] = tools;
  expect(Object.keys(list?.inputJsonSchema.properties ?? {})).toEqual([
    ...['workspace_id', 'orgId', 'tenant', 'tenantId', 'workspace', 'q', 'X-Org-Id'],
  ]);
});

test('the configured name is no rival, and a document without any says nothing', () => {
  const named = { ...settings, organization: { in: 'query', name: 'tenant_id' } } as OpenApiSettings;
  const { rivals } = createOpenApiTools(document, { ...named, organizationInDocument: false }, downstream);
  expect(rivals?.filter((line) => /tenant_?id/i.test(line))).toEqual([]);
  const { paths } = document;
  const quiet = { ...document, paths: { '/search': paths['/search'] } };
  const { rivals: none } = createOpenApiTools(
    quiet,
    { ...settings, organizationInDocument: false },
    downstream,
  );
  expect(none).toBe(undefined);
});
