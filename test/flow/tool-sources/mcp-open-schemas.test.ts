import { expect, test } from 'vitest';
import { callTool, rpc } from '../../support/http.ts';
import { startPlainUpstream } from '../../support/plain-upstream.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startApp } from '../../support/start-app.ts';

const text = { type: 'string' };
const objectOf = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const tools = [
  { name: 'declares', inputSchema: objectOf({ tenant_id: text }) },
  {
    name: 'parts',
    inputSchema: { type: 'object', allOf: [objectOf({ tenant_id: text })], additionalProperties: true },
  },
  { name: 'open', inputSchema: { type: 'object', additionalProperties: true } },
  { name: 'texts', inputSchema: { type: 'object', additionalProperties: text } },
  { name: 'nested', inputSchema: objectOf({ filter: objectOf({ tenant_id: text, orgId: text }) }) },
  { name: 'optional', inputSchema: objectOf({ tenantId: text, q: text }) },
  { name: 'closed', inputSchema: objectOf({ filter: { type: 'object' } }) },
  { name: 'numbers', inputSchema: { type: 'object', additionalProperties: { type: 'integer' } } },
  { name: 'rival', inputSchema: objectOf({ TenantID: text }, { required: ['TenantID'] }) },
  {
    name: 'inside',
    inputSchema: objectOf(
      { filter: objectOf({ tenant_id: text }, { required: ['tenant_id'] }) },
      { required: ['filter'] },
    ),
  },
];

async function startOpen(more: object = {}, reply?: () => object) {
  const upstream = await startPlainUpstream(tools, reply);
  const scopes = Object.fromEntries(tools.map(({ name }) => [name, 'agent:read']));
  const up = { prefix: 'u', mcp: upstream.url, scopes, organization: { argument: 'tenant_id' }, ...more };
  const app = await startApp({ seed: false, config: { builtinTools: false, downstreams: [up] } });
  const acme = await app.provision('Acme', undefined, 'acme');
  const call = async (name: string, args: object) => {
    upstream.seen.length = 0;
    const answer = await callTool(app.url, acme.defaultKey, `u_${name}`, args);
    return [refusalIn(answer)?.code ?? 'ok', ...upstream.seen];
  };
  return { ...app, acme, call };
}

test('an upstream tool that takes any argument is told the organisation, or is refused by name', async () => {
  const app = await startOpen();
  for (const name of ['declares', 'parts', 'open', 'texts'])
    expect([name, await app.call(name, {})]).toEqual([name, ['ok', { tenant_id: 'acme' }]]);
  for (const name of ['nested', 'optional', 'closed'])
    expect([name, await app.call(name, {})]).toEqual([name, ['ok', {}]]);
  expect(app.reports).toMatchObject([
    {
      tools: 7,
      refused: [
        'numbers: it takes any argument, but no text under "tenant_id"',
        'rival: its argument "TenantID" names an organisation too',
        'inside: its argument "filter.tenant_id" names an organisation, and is not written',
      ],
      rivals: ['nested: filter.orgId'],
    },
  ]);
  const { tools: listed } = (await rpc(app.url, app.acme.defaultKey, 'tools/list')).body.result;
  expect(JSON.stringify(listed)).not.toMatch(/tenant_?id/i);
});

test('no caller names it in an upstream’s word, in any spelling, declared or not, at any depth', async () => {
  const app = await startOpen();
  const spellings = [
    'tenant_id',
    'TenantId',
    'tenant-id',
    'tenant_id[]',
    'ｔenant_id',
    'tenant_ıd',
    'tenant\u200b_id',
  ];
  for (const name of [...spellings, 'x[tenant_id]', 'organization_id', 'X-Organization-Id']) {
    for (const [tool, args] of [
      ['open', { [name]: 'B' }],
      ['open', { a: [{ b: { [name]: 'B' } }] }],
      ['texts', { [name]: 'B' }],
      ['nested', { filter: { [name]: 'B' } }],
      ['closed', { filter: { [name]: 'B' } }],
    ] as const) {
      expect([tool, args, await app.call(tool, args)]).toEqual([tool, args, ['ORGANIZATION_IN_ARGUMENTS']]);
    }
  }
  expect(await app.call('open', { q: 'tenant_id' })).toEqual(['ok', { q: 'tenant_id', tenant_id: 'acme' }]);
});

test('an upstream’s text about another organisation is held back in every position', async () => {
  const base64 = (said: object) => Buffer.from(JSON.stringify(said)).toString('base64');
  const textOf = (said: string) => ({ content: [{ type: 'text', text: said }] });
  const blob = (said: object, mimeType?: string) => ({
    content: [{ type: 'resource', resource: { uri: 'x://1', mimeType, blob: base64(said) } }],
  });
  let reply: object = {};
  const app = await startOpen({}, () => reply);
  for (const field of ['tenant_id', 'tenantId', 'organization_id']) {
    const said = (id: string) => ({ [field]: id });
    for (const make of [
      (id: string) => textOf(`{"n":1}\n${JSON.stringify(said(id))}`),
      (id: string) => textOf(`Found: ${JSON.stringify(said(id))}`),
      (id: string) => blob(said(id), 'application/json'),
      (id: string) => blob(said(id)),
      (id: string) => ({ content: [], structuredContent: { content: [said(id)] } }),
      (id: string) => ({ content: [], structuredContent: { content: [{ text: JSON.stringify(said(id)) }] } }),
    ]) {
      reply = make('bolt');
      expect([reply, await app.call('open', {})]).toEqual([reply, ['TENANT_MISMATCH', expect.anything()]]);
      reply = make('acme');
      expect([reply, await app.call('open', {})]).toEqual([reply, ['ok', expect.anything()]]);
    }
  }
  const named = await startOpen({ replyField: 'account' }, () =>
    textOf('{"organization_id":1,"account":"acme"}'),
  );
  expect((await named.call('open', {}))[0]).toBe('ok');
});
