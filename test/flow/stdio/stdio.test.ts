import { describe, expect, test } from 'vitest';
import { tools } from '../../../tools/index.ts';
import { envelope, requestJson } from '../../support/http.ts';
import { linePeer, serveLines } from '../../support/line-peer.ts';
import { startProgram } from '../../support/program.ts';
import { slowTools } from '../../support/slow-tools.ts';
import { startApp, startTwoTenants } from '../../support/start-app.ts';
import { openBeside } from '../../support/streams.ts';

async function startAcme() {
  const app = await startApp({ tools: [...tools, ...slowTools], seed: false });
  return { ...app, acme: await app.provision('Acme Research') };
}
type Acme = Awaited<ReturnType<typeof startAcme>>;

/** The rows that came over stdio, oldest first, once there are `count` of them. */
async function stdioRows(app: Acme, count: number) {
  const read = async () => (await app.audit()).filter((row) => row.method === 'stdio').reverse();
  await expect.poll(async () => (await read()).length).toBeGreaterThanOrEqual(count);
  return read();
}

async function revoke(app: Acme, keyId: string): Promise<void> {
  const manager = await app.mint(app.acme, { additionalScopes: ['key:write'] });
  const answer = await requestJson(`${app.url}/v1/keys/${keyId}`, {
    method: 'DELETE',
    key: manager.plaintext,
  });
  expect(answer.status).toBe(200);
}

describe('every message passes the gate', () => {
  test('each leaves exactly one audit row, notifications too', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    await client.request(1, 'ping');
    await client.request('two', 'tools/list');
    await client.callTool(3, 'whoami');
    await client.callTool(4, 'get_agent', { agent_id: 'agt_01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    await client.request(5, 'no/such/method');
    const rows = await stdioRows(app, 7);
    const key = { organizationId: app.acme.id, tier: 'organization-key', method: 'stdio', era: '2025' };
    expect(rows).toMatchObject([
      { ...key, target: 'initialize', status: 200, errorCode: null, clientName: 'line-peer' },
      { ...key, target: 'notifications/initialized', status: 202, errorCode: null },
      { ...key, target: 'ping', status: 200, errorCode: null },
      { ...key, target: 'tools/list', status: 200, errorCode: null },
      { ...key, target: 'tools/call', tool: 'whoami', status: 200, errorCode: null },
      { ...key, target: 'tools/call', tool: 'get_agent', status: 200, errorCode: 'NOT_FOUND' },
      { ...key, target: 'no/such/method', errorCode: 'METHOD_NOT_FOUND' },
    ]);
    expect(rows).toHaveLength(7);
    expect(new Set(rows.map((row) => row.requestId)).size).toBe(7);
  });

  test('a key that is revoked between two messages is refused on the next, a notification without an answer', async () => {
    const app = await startAcme();
    const key = await app.mint(app.acme);
    const client = serveLines(app, { apiKey: key.plaintext });
    await client.handshake();
    expect((await client.callTool(1, 'whoami')).result.structuredContent.key.key_id).toBe(key.id);
    await revoke(app, key.id);
    const refused = await client.callTool(2, 'whoami');
    expect(refused).toMatchObject({ id: 2, error: { code: 40102, data: { code: 'INVALID_TOKEN' } } });
    client.send({ method: 'notifications/roots/list_changed' });
    const rows = await stdioRows(app, 5);
    expect(rows.slice(-2)).toMatchObject([
      { requestId: refused.error.data.request_id, status: 401, errorCode: 'INVALID_TOKEN', keyId: key.id },
      { status: 401, errorCode: 'INVALID_TOKEN', keyId: key.id },
    ]);
    expect(client.received.filter((message) => message.id == null)).toEqual([]);
  });

  test('a missing scope is refused and the tool is not entered', async () => {
    const app = await startTwoTenants();
    const key = await app.mint(app.acme, { scopes: ['study:read'] });
    const client = serveLines(app, { apiKey: key.plaintext });
    await client.handshake();
    const { result } = await client.request(1, 'tools/list');
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual([
      'whoami',
      'list_studies',
      'get_study',
    ]);
    expect((await client.callTool(2, 'search_agents')).error).toMatchObject({
      code: 40303,
      data: { code: 'INSUFFICIENT_SCOPE', required: ['agent:search'], granted: ['study:read'] },
    });
    expect(app.sent).toEqual([]);
    expect((await app.audit())[0]).toMatchObject({
      tool: 'search_agents',
      status: 403,
      errorCode: 'INSUFFICIENT_SCOPE',
    });
  });

  test.each([
    [
      "an organisation that is not the key's",
      'org_01ARZ3NDEKTSV4RRFFQ69G5FAV',
      40301,
      'ORGANIZATION_MISMATCH',
    ],
    ['an organisation that is no id', 'acme', 40002, 'INVALID_ORGANIZATION_HEADER'],
  ])('%s is refused on every message', async (_, organizationId, code, name) => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey, organizationId });
    for (const [id, method] of [
      [1, 'initialize'],
      [2, 'tools/list'],
      [3, 'ping'],
    ] as const) {
      expect(await client.request(id, method)).toMatchObject({ id, error: { code, data: { code: name } } });
    }
    const rows = await stdioRows(app, 3);
    expect(rows.map((row) => [row.organizationId, row.errorCode])).toEqual(
      Array(3).fill([app.acme.id, name]),
    );
  });

  test("the organisation may be named where it is the key's own", async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey, organizationId: app.acme.id });
    await client.handshake();
    expect((await client.callTool(1, 'whoami')).result.structuredContent.organization.organization_id).toBe(
      app.acme.id,
    );
  });

  test.each([
    ['no key', undefined, 40101, 'AUTHENTICATION_REQUIRED'],
    ['a key that is none', 'tnt_nonsense', 40102, 'INVALID_TOKEN'],
    ['two keys in one', 'tnt_a, tnt_b', 40001, 'MALFORMED_CREDENTIALS'],
  ])('%s is refused on every message', async (_, apiKey, code, name) => {
    const app = await startAcme();
    const client = serveLines(app, apiKey === undefined ? {} : { apiKey });
    expect(await client.request(1, 'initialize')).toMatchObject({
      id: 1,
      error: { code, data: { code: name } },
    });
    expect(await client.callTool(2, 'whoami')).toMatchObject({
      id: 2,
      error: { code, data: { code: name } },
    });
    expect(await stdioRows(app, 2)).toMatchObject(Array(2).fill({ organizationId: null, errorCode: name }));
  });

  test('subscriptions are refused', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    const refused = await client.request(1, 'subscriptions/listen', { _meta: envelope });
    expect(refused).toMatchObject({ id: 1, error: { code: -32601, data: { code: 'METHOD_NOT_FOUND' } } });
  });

  test('a message of the 2026 era needs no handshake', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    const answer = await client.request('a', 'tools/call', {
      name: 'whoami',
      arguments: {},
      _meta: envelope,
    });
    expect(answer.result.structuredContent.organization.organization_id).toBe(app.acme.id);
    expect(await stdioRows(app, 1)).toMatchObject([{ era: '2026', tool: 'whoami', clientName: 'raw-test' }]);
  });
});

describe('what cannot be read gets an error, and the next line still works', () => {
  const call = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'ping' });
  test.each([
    ['no JSON', '{"jsonrpc":"2.0","id":1,', -32700, 'PARSE_ERROR'],
    ['broken UTF-8', Buffer.from('7b2261223a22c3227d', 'hex'), -32700, 'PARSE_ERROR'],
    ['an array', `[${call},${call}]`, -32600, 'BATCH_NOT_SUPPORTED'],
    ['an empty array', '[]', -32600, 'BATCH_NOT_SUPPORTED'],
    ['a word', '"ping"', -32600, 'INVALID_REQUEST'],
    ['another protocol', '{"jsonrpc":"1.0","id":null,"method":"ping"}', -32600, 'INVALID_REQUEST'],
    ['too many levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, -32600, 'TOO_DEEP'],
    ['very many levels', '['.repeat(500_000), -32600, 'TOO_DEEP'],
    ['a line over 1 MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 41301, 'BODY_TOO_LARGE'],
    ['a line of 5 MiB', 'x'.repeat(5 * 1024 * 1024), 41301, 'BODY_TOO_LARGE'],
  ])('%s', async (_, line, code, name) => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    client.write(line);
    const refused = await client.find((message) => message.error !== undefined, 'error');
    expect(refused).toMatchObject({ jsonrpc: '2.0', id: null, error: { code, data: { code: name } } });
    expect(await client.callTool('after', 'whoami')).toMatchObject({
      id: 'after',
      result: { structuredContent: {} },
    });
    expect(client.received.filter(({ error }) => error !== undefined)).toHaveLength(1);
    const rows = await stdioRows(app, 4);
    expect(rows.map((row) => row.errorCode)).toEqual([null, null, name, null]);
  });

  test('empty lines and carriage returns are no messages', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    client.write('\r\n\n   ');
    client.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })}\r`);
    expect(await client.answer(1)).toMatchObject({ result: {} });
    expect(await stdioRows(app, 3)).toHaveLength(3);
  });
});

describe('a call under way', () => {
  const params = { name: 'ticking', arguments: {} };
  const slow = { id: 1, method: 'tools/call', params };

  test('keeps its id to itself: a second request with it is refused', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    client.send(slow);
    const refused = await client.callTool(1, 'whoami');
    expect(refused).toMatchObject({ id: 1, error: { code: -32600, data: { code: 'INVALID_REQUEST' } } });
    expect(JSON.stringify(client.received)).not.toContain('structuredContent');
    client.end();
    await client.ended;
    const rows = (await stdioRows(app, 4)).slice(2);
    expect(rows.map((row) => [row.tool, row.status, row.errorCode])).toEqual([
      ['whoami', 400, 'INVALID_REQUEST'],
      ['ticking', 499, 'CANCELLED'],
    ]);
  });

  test('that the client cancels has its row at once, and its id is free again', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    client.send(slow);
    client.send({ method: 'notifications/cancelled', params: { requestId: 1, reason: 'enough' } });
    const rows = await stdioRows(app, 4);
    expect(rows.slice(2).map((row) => [row.target, row.status, row.errorCode])).toEqual([
      ['notifications/cancelled', 202, null],
      ['tools/call', 499, 'CANCELLED'],
    ]);
    expect(await client.callTool(1, 'whoami')).toMatchObject({ id: 1, result: { structuredContent: {} } });
  });

  test('whose key is revoked is ended', async () => {
    const app = await startAcme();
    const key = await app.mint(app.acme);
    const client = serveLines(app, { apiKey: key.plaintext });
    await client.handshake();
    client.send(slow);
    await revoke(app, key.id);
    expect(await client.answer(1)).toMatchObject({ error: { code: 40102, data: { code: 'INVALID_TOKEN' } } });
    const rows = await stdioRows(app, 3);
    expect(rows.at(-1)).toMatchObject({ tool: 'ticking', status: 401, errorCode: 'INVALID_TOKEN' });
  });

  test('whose row cannot be written does not show its result', async () => {
    const app = await startAcme();
    const beside = openBeside(app);
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    await client.handshake();
    await stdioRows(app, 2);
    beside.lock();
    const refused = await client.callTool(1, 'whoami');
    beside.unlock();
    expect(refused).toMatchObject({ id: 1, error: { code: 50302, data: { code: 'STORE_BUSY' } } });
    expect(JSON.stringify(client.received)).not.toContain(app.acme.name);
    expect(await client.callTool(2, 'whoami')).toMatchObject({ result: { structuredContent: {} } });
  });
});

test('the program writes nothing but JSON-RPC on standard output, and no key anywhere', async () => {
  const app = await startAcme();
  const program = startProgram(['stdio'], {
    TENANTRY_API_KEY: app.acme.defaultKey,
    TENANTRY_CONFIG: `${app.dataDir}/mcp.config.json`,
    LOG_LEVEL: 'trace',
  });
  const client = linePeer(program.stdin, program.stdoutStream);
  await client.handshake();
  client.write('garbage');
  await client.find(({ error }) => error?.data.code === 'PARSE_ERROR', 'PARSE_ERROR');
  // A pipe hands it on in pieces; none of them is a message.
  client.write('x'.repeat(3 * 1024 * 1024));
  await client.find(({ error }) => error?.data.code === 'BODY_TOO_LARGE', 'BODY_TOO_LARGE');
  await client.callTool(1, 'whoami');
  await client.callTool(2, 'no_such_tool');
  client.end();
  expect(await program.closed).toMatchObject({ code: 0, signal: null });
  const lines = program.seen.stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(5);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  expect(program.seen.stdout + program.seen.stderr).not.toContain(app.acme.defaultKey);
});
