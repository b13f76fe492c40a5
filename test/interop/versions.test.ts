import { describe, expect, test } from 'vitest';
import { capabilities } from '../support/client-checks.ts';
import { envelope, requestJson, rpc } from '../support/http.ts';
import { serveLines } from '../support/line-peer.ts';
import { startApp } from '../support/start-app.ts';

const versionsOf2025 = ['2025-11-25', '2025-06-18', '2025-03-26'];

async function startAcme() {
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme Research');
  /** A request of the 2025 era; from 2025-06-18 on each after the first names the version in a header. */
  const post = (method: string, params: object, version?: string) =>
    requestJson(`${app.url}/mcp`, {
      key: acme.defaultKey,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(version !== undefined && { 'mcp-protocol-version': version }),
      },
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
  return { ...app, acme, post };
}

const handshake = (protocolVersion: string) => ({
  protocolVersion,
  capabilities: {},
  clientInfo: { name: 'raw-test', version: '1.0.0' },
});

const serverInfo = { name: 'tenantry', version: expect.any(String) };

describe.each(versionsOf2025)('version %s', (version) => {
  test('is agreed on over HTTP, and what follows is spoken in it', async () => {
    const { post } = await startAcme();
    const { status, body } = await post('initialize', handshake(version));
    expect(status).toBe(200);
    expect(body.result).toEqual({ protocolVersion: version, serverInfo, capabilities });

    const header = version === '2025-03-26' ? undefined : version;
    const notification = await post('notifications/initialized', {}, header);
    expect([notification.status, notification.body.id]).toEqual([200, 1]);
    const list = await post('tools/list', {}, header);
    expect(list.status).toBe(200);
    // Nothing of 2026: no ttlMs, no cacheScope, no _meta, no cursor.
    expect(Object.keys(list.body.result)).toEqual(['tools']);
    for (const tool of list.body.result.tools) {
      expect(Object.keys(tool).sort()).toEqual([
        'annotations',
        'description',
        'inputSchema',
        'name',
        'outputSchema',
        'title',
      ]);
    }
    const called = await post('tools/call', { name: 'whoami', arguments: {} }, header);
    expect(Object.keys(called.body.result).sort()).toEqual(['content', 'structuredContent']);
  });

  test('is agreed on over stdio', async () => {
    const app = await startAcme();
    const client = serveLines(app, { apiKey: app.acme.defaultKey });
    const { result } = await client.handshake(version);
    expect(result).toEqual({ protocolVersion: version, serverInfo, capabilities });
    expect(Object.keys((await client.request(1, 'tools/list')).result)).toEqual(['tools']);
  });
});

test('an unknown version is answered with the newest that a handshake can settle on', async () => {
  const { post } = await startAcme();
  const { body } = await post('initialize', handshake('1999-01-01'));
  expect(body.result.protocolVersion).toBe('2025-11-25');
});

test('2026-07-28 needs no handshake: the server says what it is when asked', async () => {
  const app = await startAcme();
  const { status, body } = await rpc(app.url, app.acme.defaultKey, 'server/discover');
  expect(status).toBe(200);
  expect(body.result.supportedVersions).toEqual(['2026-07-28']);
  expect(body.result.capabilities).toEqual(capabilities);
  expect(body.result._meta['io.modelcontextprotocol/serverInfo']).toEqual(serverInfo);
});

test('in 2026 a list may be kept, by the one that asked, on either wire', async () => {
  const app = await startAcme();
  const overHttp = await rpc(app.url, app.acme.defaultKey, 'tools/list');
  const client = serveLines(app, { apiKey: app.acme.defaultKey });
  const overStdio = await client.request(1, 'tools/list', { _meta: envelope });
  for (const { result } of [overHttp.body, overStdio]) {
    expect(result.cacheScope).toBe('private');
    expect(result.ttlMs).toBeGreaterThanOrEqual(0);
    expect(Number.isInteger(result.ttlMs)).toBe(true);
    expect(result.nextCursor).toBeUndefined();
    expect(result._meta['io.modelcontextprotocol/serverInfo']).toEqual(serverInfo);
  }
  expect(overHttp.headers.get('cache-control')).toBe('no-store');
  expect(overHttp.body.result.tools).toEqual(overStdio.result.tools);
});

test('a version that the 2026 era does not have is refused with those it has', async () => {
  const app = await startAcme();
  const _meta = { ...envelope, 'io.modelcontextprotocol/protocolVersion': '2031-01-01' };
  const { status, body } = await requestJson(`${app.url}/mcp`, {
    key: app.acme.defaultKey,
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2031-01-01',
      'mcp-method': 'tools/list',
    },
    body: { jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta } },
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    id: 3,
    error: { code: -32022, data: { supported: ['2026-07-28'], request_id: expect.any(String) } },
  });
});

test('subscriptions are refused, for they would be shared by all organisations', async () => {
  const app = await startAcme();
  const { status, body } = await rpc(app.url, app.acme.defaultKey, 'subscriptions/listen');
  expect(status).toBe(404);
  expect(body).toMatchObject({ id: 1, error: { code: -32601, data: { code: 'METHOD_NOT_FOUND' } } });
});

test.each(['GET', 'DELETE'])('%s has nothing to give on /mcp', async (method) => {
  const app = await startAcme();
  const { status, headers } = await requestJson(`${app.url}/mcp`, { method, key: app.acme.defaultKey });
  expect([status, headers.get('allow')]).toEqual([405, 'POST']);
});
