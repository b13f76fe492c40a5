import { expect, test } from 'vitest';
import { requireOwnReply } from '../../../src/downstream/reply/require-own-reply.ts';
import { AppError } from '../../../src/errors.ts';

const OWN = 'acme';
const B = 'org_B';
const terms = {
  organization: { in: 'query', name: 'organization_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
} as const;

function outcomeOf(reply: unknown): string {
  try {
    requireOwnReply(reply, OWN, terms);
    return 'shown';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** Each names the organisation `id`, and nothing else that could be one. */
const shapes: readonly ((id: string) => unknown)[] = [
  (id) => ({ relationships: { organization: { data: { id, type: 'organizations' } } } }),
  (id) => ({ data: [{ relationships: { organisation: { data: { type: 'x', id } } } }] }),
  (id) => ({ organization: { data: { id } } }),
  (id) => ({ organization: { data: { attributes: { uuid: id } } } }),
  (id) => ({ organization: { node: { id } } }),
  (id) => ({ organization: [{ id }] }),
  (id) => ({ organizations: [{ id, name: 'x' }] }),
  (id) => ({ orgs: [{ id: OWN }, { id }] }),
  (id) => ({ organizations: { nodes: [{ id }], total: 1 } }),
  (id) => ({ organizations: { edges: [{ cursor: 'x', node: { id } }] } }),
  (id) => ({ organizations: { items: [{ slug: id, id }] } }),
  (id) => ({ organization_ids: [id] }),
  (id) => ({ organizationIds: [OWN, id] }),
  (id) => ({ organization_ids: id }),
  (id) => ({ orgIds: [{ id }] }),
  (id) => ({ columns: ['name', 'organization_id'], rows: [['x', id]] }),
  (id) => ({
    headers: ['Organization ID', 'name'],
    rows: [
      [OWN, 'x'],
      [id, 'y'],
    ],
  }),
  (id) => ({ fields: ['organizationId'], values: [[id]] }),
  (id) => ({
    header: ['n', 'org_id'],
    data: [
      [1, id],
      [2, OWN],
    ],
  }),
  (id) => ({
    meta: [
      { name: 'n', type: 'Int' },
      { name: 'organization_id', type: 'String' },
    ],
    data: [[1, id]],
  }),
  (id) => ({ columns: [{ key: 'organization_id' }, { key: 'n' }], rows: [[id, 1]] }),
  (id) => ({ schema: { fields: [{ name: 'organization_id' }] }, rows: [{ f: [{ v: id }] }] }),
  (id) => ({
    columns: ['n', 'organization_id'],
    index: [0, 1],
    data: [
      [1, OWN],
      [2, id],
    ],
  }),
  (id) => ({ results: [{ columns: ['organization_id'], rows: [[id]] }] }),
  (id) => ({
    names: ['organization_id', 'n'],
    columns: [
      [OWN, id],
      [1, 2],
    ],
  }),
  (id) => [
    ['organization_id', 'name'],
    [id, 'x'],
  ],
  (id) => [
    ['name', 'Organization-Id'],
    ['x', OWN],
    ['y', id],
  ],
  (id) => ({
    values: [
      ['n', 'organization_id'],
      [1, id],
    ],
  }),
  (id) => [
    ['name', 'x'],
    ['organization_id', id],
  ],
  (id) => ({
    headers: [
      ['organization_id', id],
      ['name', 'x'],
    ],
  }),
  (id) => ({ name: 'organization_id', value: id }),
  (id) => ({ tags: [{ key: 'organization_id', value: id }] }),
  (id) => [{ field: 'organizationId', label: 'x', value: id }],
  (id) => ({ key: 'organization_id', value: { stringValue: id } }),
  (id) => ({ field: 'organization_id', op: '=', value: id }),
  (id) => ({ field: 'organization_id', values: [OWN, id] }),
  (id) => ({ field: 'organization_id', from: OWN, to: id }),
  (id) => ({ filter: ['organization_id', '=', id] }),
  (id) => ({ domain: [['organization_id', 'in', [OWN, id]]] }),
  (id) => ({ properties: { organization_id: { type: 'rich_text', rich_text: [{ plain_text: id }] } } }),
  (id) => ({ properties: { organization_id: { type: 'string', const: id, x: 1 } } }),
  (id) => ({ properties: { organization_id: id } }),
  (id) => ({ properties: { organization_id: { type: id, title: 'x' } } }),
  (id) => ({ organization_id: { $ref: `/organizations/${id}` } }),
];

/** An object under `organization_id` is refused with any content, unless it explains the field. */
const neverShown = /rich_text|"const"|"type":"|\$ref/;

test('an organisation is recognised in every shape in which an object or a table names it', () => {
  for (const [index, shape] of shapes.entries()) {
    for (const reply of [shape(B), { organization_id: OWN, a: [shape(B)] }, JSON.stringify(shape(B))])
      expect([index, JSON.stringify(reply), outcomeOf(reply)]).toEqual([
        index,
        JSON.stringify(reply),
        'TENANT_MISMATCH',
      ]);
    const ours = shape(OWN);
    if (neverShown.test(JSON.stringify(ours)) && index > 38) continue;
    expect([index, JSON.stringify(ours), outcomeOf(ours)]).toEqual([index, JSON.stringify(ours), 'shown']);
    expect(outcomeOf({ text: `Here: ${JSON.stringify(ours)}` })).toBe('shown');
  }
});

const good: readonly unknown[] = [
  { properties: { organization_id: { type: 'string' } } },
  {
    properties: { organization_id: { type: ['string', 'null'], description: 'The id.' } },
    required: ['organization_id'],
  },
  { properties: { organizationId: { $ref: '#/components/schemas/Id' } } },
  { properties: { organization_id: { description: 'Whose it is.', examples: ['org_1'] } } },
  { properties: { organization_id: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null } } },
  { properties: { organization_id: { enum: [OWN] } } },
  { properties: { organization: { type: 'object', properties: { id: { type: 'integer' } } } } },
  { properties: { organization_ids: { type: 'array', items: { type: 'string' } } } },
  { mappings: { properties: { organization_id: { type: 'keyword' } } } },
  { parameters: [{ name: 'organization_id', in: 'query', required: true, schema: { type: 'string' } }] },
  { fields: ['name', 'organization_id', 'state'] },
  { required: ['organization_id', 'name'], items: [{ name: 'x' }] },
  { columns: ['organization_id', 'name'], rows: [] },
  {
    columns: ['organization_id', 'name'],
    rows: [
      [OWN, 'x'],
      [null, 'y'],
    ],
  },
  { errors: [{ path: ['organization_id'], message: 'Required', expected: 'string' }] },
  { errors: [{ field: 'organization_id', message: 'is required' }] },
  { options: [{ label: 'Organization ID', value: 'organization_id' }] },
  { name: 'organization_id', value: null },
  { organizations: [] },
  { organizations: { data: [], total: 0 } },
  { organization_ids: [] },
  { organization_ids: null },
  { organization: null },
  { organization: { data: null } },
  { organizations: ['Bolt Labs'] },
  { organizations: [{ name: 'Bolt' }] },
];

test('a schema, a list of fields and an empty table name no organisation', () => {
  expect(good.map((reply) => [reply, outcomeOf(reply)])).toEqual(good.map((reply) => [reply, 'shown']));
  const texts = good.map((reply) => `Here it is:\n${JSON.stringify(reply)}`);
  expect(texts.map((text) => [text, outcomeOf(text)])).toEqual(texts.map((text) => [text, 'shown']));
});

test('columns and rows without an end are held back before they cost much', () => {
  const columns = Array.from({ length: 30_000 }, () => ['organization_id']);
  expect(outcomeOf(Object.fromEntries(columns.entries()))).toBe('TENANT_MISMATCH');
});
