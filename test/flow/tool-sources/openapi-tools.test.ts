import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditLine } from '../../../src/audit/audit-event.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { platformDocument } from '../../support/platform-document.ts';
import { bytesOf, expectRefusal, refusalIn } from '../../support/refusal.ts';
import { json, type PlatformCall, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

const scopes = {
  tags: { tickets: 'ticket:read', secrets: 'secret:read' },
  operations: { 'create-ticket': 'ticket:write', deleteTicket: 'ticket:write' },
};
const catalogue = ['ticket:read', 'ticket:write', 'secret:read'];

type Answer = (call: PlatformCall, organizationId: string) => unknown;

/** Acme behind a document; what the platform answers says for whom, unless the test says otherwise. */
async function startDesk(answer: Answer = () => ({}), more: Record<string, unknown> = {}) {
  const dir = temporaryDir();
  const file = join(dir, 'desk.json');
  writeFileSync(file, JSON.stringify(platformDocument));
  let acmeId = '';
  const platform = await startRestPlatform((call, response) => {
    const body = answer(call, acmeId);
    if (body === undefined) response.writeHead(204).end();
    else json(response, body, call.method === 'POST' ? 201 : 200);
  });
  const downstream = {
    prefix: 'desk',
    openapi: file,
    url: `${platform.url}/api`,
    scopes,
    retries: 0,
    requireOrganizationInReply: false,
    ...more,
  };
  const app = await startApp({
    seed: false,
    config: { builtinTools: false, scopes: { catalogue, canonical: catalogue }, downstreams: [downstream] },
  });
  const acme = await app.provision('Acme');
  acmeId = acme.id;
  const key = acme.defaultKey;
  const call = async (name: string, args: object = {}) => {
    platform.calls.length = 0;
    const got = await callTool(app.url, key, name, args);
    return {
      ...got,
      code: refusalIn(got)?.code,
      output: got.body.result?.structuredContent,
      sent: platform.calls[0],
    };
  };
  return { ...app, acme, key, platform, call };
}

test('each operation with a scope is a tool, named, described and gated; the others are told at the start', async () => {
  const app = await startDesk();
  const { tools } = (await rpc(app.url, app.key, 'tools/list')).body.result;
  const ofDesk = tools.filter(({ name }: { name: string }) => name.startsWith('desk_'));
  expect(ofDesk.map(({ name }: { name: string }) => name)).toEqual([
    ...[
      'desk_list_tickets',
      'desk_create_ticket',
      'desk_get_ticket',
      'desk_delete_ticket',
      'desk_compare_tickets',
    ],
    ...['desk_list_people', 'desk_get_stats', 'desk_list_secrets'],
  ]);
  expect(app.reports).toEqual([
    {
      prefix: 'desk',
      tools: 8,
      unscoped: ['replaceTicket', 'internal'],
      refused: ['upload: its body is multipart/form-data, not JSON'],
      held: [],
      isFirstSeen: false,
    },
  ]);
  const inputs = tools.map(({ inputSchema }: { inputSchema: unknown }) => inputSchema);
  expect(JSON.stringify(inputs)).not.toContain('organization_id');
  const deleting = ofDesk.find(({ name }: { name: string }) => name === 'desk_delete_ticket');
  expect(deleting.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true });
  const reader = await app.mint(app.acme, { scopes: ['ticket:read'] });
  const refused = await callTool(app.url, reader.plaintext, 'desk_delete_ticket', { id: '1' });
  expectRefusal(refused, 403, 'INSUFFICIENT_SCOPE');
  expect(app.platform.calls).toEqual([]);
});

test('a request is what the document says, and the organisation where the document has it', async () => {
  const app = await startDesk();
  const { id } = app.acme;
  const organization = `organization_id=${id}`;
  const sent = async (name: string, args: object) => {
    const { sent: call, code } = await app.call(name, args);
    return call === undefined ? code : [call.method, call.target, call.body];
  };
  const filters = {
    states: ['open', 'closed'],
    ids: ['a', 'b,c'],
    filter: { by: 'Ada' },
    extra: { q: 'x y' },
    page_size_: 5,
  };
  expect(await sent('desk_list_tickets', filters)).toEqual([
    'GET',
    `/api/tickets?states=open&states=closed&ids=a%2Cb%2Cc&filter%5Bby%5D=Ada&q=x+y&page%5Bsize%5D=5&${organization}`,
    '',
  ]);
  expect(await sent('desk_create_ticket', { body: { title: 'aa', priority: 2 } })).toEqual([
    'POST',
    '/api/tickets',
    JSON.stringify({ title: 'aa', priority: 2, organization_id: id }),
  ]);
  expect(await sent('desk_compare_tickets', { id: 'a?b', base: '...', head: 'v 1' })).toEqual([
    'GET',
    `/api/orgs/${id}/tickets/a%3Fb/compare/......v%201`,
    '',
  ]);
  expect(await sent('desk_get_ticket', { id: '7' })).toEqual(['GET', `/api/tickets/7?${organization}`, '']);
  expect(await sent('desk_delete_ticket', { id: '7' })).toEqual([
    'DELETE',
    `/api/tickets/7?${organization}`,
    '',
  ]);
  const { sent: stats } = await app.call('desk_get_stats');
  expect([stats?.target, stats?.headers.organization_id]).toEqual(['/api/stats', id]);
  const { sent: viewed } = await app.call('desk_list_tickets', { 'X-View': 'wide' });
  expect([viewed?.headers['x-view'], viewed?.headers.authorization]).toEqual(['wide', undefined]);
});

test('no argument names the organisation, however it is wrapped, and none leaves its place', async () => {
  const app = await startDesk();
  const refused = [
    ['desk_list_tickets', { organization_id: 'x' }, 'ORGANIZATION_IN_ARGUMENTS'],
    ['desk_list_tickets', { extra: { organization_id: 'x' } }, 'ORGANIZATION_IN_ARGUMENTS'],
    [
      'desk_create_ticket',
      { body: { title: 'a', organization_id: app.acme.id } },
      'ORGANIZATION_IN_ARGUMENTS',
    ],
    ['desk_create_ticket', { body: { title: 'a', organizationId: 'x' } }, 'ORGANIZATION_IN_ARGUMENTS'],
    [
      'desk_create_ticket',
      { body: { title: 'a', parent: { organization_id: 'x' } } },
      'ORGANIZATION_IN_ARGUMENTS',
    ],
    [
      'desk_create_ticket',
      { body: { title: 'a', more: [{ organization_id: 'x' }] } },
      'ORGANIZATION_IN_ARGUMENTS',
    ],
    ['desk_create_ticket', { body: ['a'] }, 'VALIDATION_ERROR'],
    ['desk_create_ticket', {}, 'VALIDATION_ERROR'],
    ['desk_create_ticket', { body: { title: 'a', priority: 1 } }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: '..' }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: '' }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: '../x' }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: '%2e%2e' }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: ['a'] }, 'VALIDATION_ERROR'],
    ['desk_get_ticket', { id: '1', more: 1 }, 'VALIDATION_ERROR'],
    ['desk_list_tickets', { states: ['none'] }, 'VALIDATION_ERROR'],
    ['desk_list_tickets', { page_size_: 0 }, 'VALIDATION_ERROR'],
    ['desk_list_tickets', { 'X-View': 'a\r\nx-evil: 1' }, 'VALIDATION_ERROR'],
    ['desk_list_tickets', { Authorization: 'Bearer x' }, 'VALIDATION_ERROR'],
  ] as const;
  for (const [name, args, code] of refused) {
    const answer = await app.call(name, args);
    expect([name, args, answer.code, answer.sent]).toEqual([name, args, code, undefined]);
  }
  // A pattern of the document is shown, and not run over what a caller sends.
  const { sent: odd } = await app.call('desk_create_ticket', { body: { title: `${'a'.repeat(40)}!` } });
  expect(odd?.method).toBe('POST');
  for (const [id, segment] of [
    ['x?organization_id=y', 'x%3Forganization_id%3Dy'],
    ['{organization_id}', '%7Borganization_id%7D'],
  ] as const) {
    const { sent } = await app.call('desk_get_ticket', { id });
    expect(sent?.target).toBe(`/api/tickets/${segment}?organization_id=${app.acme.id}`);
  }
});

test('the platform’s own word for the organisation is no argument either, however deep', async () => {
  const app = await startDesk(undefined, {
    organization: { in: 'query', name: 'tenant_id' },
    organizationInDocument: false,
  });
  for (const body of [
    { title: 'a', tenant_id: 'x' },
    { title: 'a', parent: { tenant_id: 'x' } },
  ]) {
    const { code, sent } = await app.call('desk_create_ticket', { body });
    expect([code, sent]).toEqual(['ORGANIZATION_IN_ARGUMENTS', undefined]);
  }
});

test('an answer is the status and the body; a reply against the document, or another’s, is not shown', async () => {
  let body: unknown;
  const app = await startDesk(() => body);
  const ask = async (reply: unknown, name = 'desk_get_ticket') => {
    body = reply;
    const { code, output } = await app.call(name, { id: '7' });
    return code ?? output;
  };
  const own = { id: '7', title: 'x', note: null, organization_id: app.acme.id };
  expect(await ask(own)).toEqual({ status: 200, body: own });
  expect(await ask({ ...own, organization_id: 'org_other' })).toBe('TENANT_MISMATCH');
  expect(await ask({ title: 'no id' })).toBe('DOWNSTREAM_FAILED');
  expect(await ask({ ...own, title: 7 })).toBe('DOWNSTREAM_FAILED');
  expect(await ask(undefined, 'desk_delete_ticket')).toEqual({ status: 204 });
  const lax = await startDesk(() => ({ title: 7 }), { checkReplies: false });
  expect((await lax.call('desk_get_ticket', { id: '7' })).output).toEqual({
    status: 200,
    body: { title: 7 },
  });
});

test('each is served at its own path and method, with the same gate, the same audit and the platform’s own answer', async () => {
  const app = await startDesk((call, organization_id) =>
    call.method === 'DELETE' ? undefined : { id: '7', organization_id, target: call.target, body: call.body },
  );
  const send = (method: string, path: string, body?: object) =>
    requestJson(app.url + path, { method, key: app.key, body });
  const got = await send('GET', '/tickets/7');
  expect([got.status, got.body.target]).toEqual([200, `/api/tickets/7?organization_id=${app.acme.id}`]);
  const made = await send('POST', '/tickets', { title: 'aa' });
  expect([made.status, JSON.parse(made.body.body)]).toEqual([
    201,
    { title: 'aa', organization_id: app.acme.id },
  ]);
  const gone = await send('DELETE', '/tickets/7');
  expect([gone.status, gone.text]).toEqual([204, '']);
  const listed = await send('GET', '/tickets?states=open&states=closed&page_size_=2');
  expect(listed.body.target).toContain('states=open&states=closed&page%5Bsize%5D=2');
  // The organisation is no part of what a caller writes, so its segment is gone.
  expectRefusal(await send('GET', `/orgs/${app.acme.id}/people`), 404, 'NOT_FOUND');
  expect((await send('GET', '/orgs/people')).body.error?.code).toBe('DOWNSTREAM_FAILED');
  expectRefusal(await send('GET', '/tickets?organization_id=x'), 400, 'ORGANIZATION_IN_ARGUMENTS');
  expectRefusal(await send('PUT', '/tickets/7', {}), 405, 'METHOD_NOT_ALLOWED');
  expectRefusal(await requestJson(`${app.url}/tickets`), 401, 'AUTHENTICATION_REQUIRED');
  const { paths } = (await requestJson(`${app.url}/openapi.json`, { key: app.key })).body;
  expect(paths['/tickets'].get).toMatchObject({ operationId: 'desk_list_tickets', 'x-scope': 'ticket:read' });
});

test('an organisation’s key reaches the workspaces of its organisation, and the audit shows the path', async () => {
  const app = await startDesk(() => ({ secrets: ['s'] }));
  const narrow = await app.mint(app.acme, {
    scopes: ['secret:read'],
    restrictions: { workspace_ids: ['ws_1'] },
  });
  const get = (id: string, key = app.key) => requestJson(`${app.url}/workspaces/${id}/secrets`, { key });
  expect((await get('ws_9')).body).toEqual({ secrets: ['s'] });
  const [row] = await app.audit(1);
  const prefix = app.key.slice(0, 12);
  expect(row && auditLine(row)).toMatch(
    new RegExp(`^org-token:${prefix} GET /workspaces/ws_9/secrets 200 \\d+ms$`),
  );
  expect(app.platform.calls[0]?.target).toBe(`/api/workspaces/ws_9/secrets?organization_id=${app.acme.id}`);
  expect((await get('ws_1', narrow.plaintext)).status).toBe(200);
  expectRefusal(await get('ws_9', narrow.plaintext), 403, 'KEY_RESTRICTED');
  const bolt = await app.provision('Bolt');
  await get('ws_9', bolt.defaultKey);
  expect(app.platform.calls.at(-1)?.target).toContain(`organization_id=${bolt.id}`);
  const unknown = await requestJson(`${app.url}/workspaces/ws_9/other`, { key: app.key });
  expect(bytesOf(unknown)).toMatchObject({ status: 404 });
});
