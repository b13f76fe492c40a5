import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DownstreamRequest } from '../../../src/downstream/downstream.ts';
import { createMcpDownstream } from '../../../src/downstream/mcp/mcp-downstream.ts';
import { AppError } from '../../../src/errors.ts';
import { newOrganizationId } from '../../../src/ids.ts';
import { hashOf, offerOf, type UpstreamTool } from '../../../src/tool-sources/approved-tools.ts';
import { startBehind, upstreamProgram, upstreamScopes } from '../../support/behind-upstream.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startApp, type Tenant } from '../../support/start-app.ts';
import { startUpstream } from '../../support/upstream-http.ts';

test('a server that fails, garbles, redirects or is gone is a failure with a code, and found again', async () => {
  const upstream = await startUpstream();
  const elsewhere = await startUpstream();
  const app = await startBehind(upstream.url, { timeoutSeconds: 1, maxResponseBytes: 4096 });
  expect(await app.ask(app.acme, 'up_plain')).toMatchObject({ content: [{ text: 'for customer-17' }] });
  for (const [raw, tenant] of [
    ['HTTP/1.1 500 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}', app.acme],
    [`HTTP/1.1 307 X\r\nLocation: ${elsewhere.url}\r\nContent-Length: 0\r\n\r\n`, app.acme],
    ['HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nsecret', app.acme],
    [
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9000)}`,
      app.bolt,
    ],
    ['SSH-2.0-x\r\n', app.bolt],
  ] as const) {
    upstream.state.raw = raw;
    const answer = await callTool(app.url, tenant.defaultKey, 'up_plain');
    expect([raw.slice(0, 20), answer.status, refusalIn(answer)?.code]).toEqual([
      raw.slice(0, 20),
      200,
      'DOWNSTREAM_FAILED',
    ]);
    expect(answer.text).not.toContain('secret');
  }
  expect(elsewhere.seen).toEqual([]);
  upstream.state.raw = undefined;
  expect(await app.ask(app.acme, 'up_big')).toBe('DOWNSTREAM_FAILED');
  expect(await app.ask(app.acme, 'up_plain')).toMatchObject({ content: [{ text: 'for customer-17' }] });
  expect(await app.ask(app.acme, 'up_waiting')).toBe('DOWNSTREAM_TIMEOUT');
  expect(app.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

test('a program that dies is started again, and knows nothing of what surrounds us', async () => {
  const app = await startBehind(upstreamProgram, { scopes: { ...upstreamScopes, dying: 'agent:read' } });
  const look = async (tenant: Tenant) => JSON.parse((await app.ask(tenant, 'up_process')).content[0].text);
  const first = await look(app.acme);
  expect(first.variables).toContain('ORGANIZATION_ID');
  expect(first.variables).not.toContain('VITEST');
  expect(await app.ask(app.acme, 'up_dying')).toBe('DOWNSTREAM_FAILED');
  const second = await look(app.acme);
  expect(second.pid).not.toBe(first.pid);
  expect((await look(app.acme)).pid).toBe(second.pid);
  expect((await look(app.bolt)).pid).not.toBe(second.pid);
});

test('a program is named beside the configuration, as every other file is', async () => {
  const dataDir = temporaryDir();
  const [program = ''] = upstreamProgram.args;
  writeFileSync(join(dataDir, 'server.mjs'), `await import(${JSON.stringify(program)});`);
  const here = { command: process.execPath, args: ['./server.mjs'] };
  const app = await startBehind(here, {}, { dataDir });
  expect(await app.ask(app.acme, 'up_plain')).toMatchObject({ content: [{ text: 'for customer-17' }] });
});

test('as many organisations are connected as the configuration says: an idle one makes room, a busy one never', async () => {
  const app = await startBehind(upstreamProgram, { connections: 1, timeoutSeconds: 10 });
  const pid = async (tenant: Tenant) =>
    JSON.parse((await app.ask(tenant, 'up_process')).content[0].text).pid as number;
  const first = await pid(app.acme);
  await pid(app.bolt);
  await expect.poll(() => isRunning(first)).toBe(false);
  const waiting = app.ask(app.bolt, 'up_waiting');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await app.ask(app.acme, 'up_process')).toBe('OVERLOADED');
  expect(await waiting).toBe('DOWNSTREAM_TIMEOUT');
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('an answer of another form than was approved is not shown', async () => {
  const upstream = await startUpstream();
  const app = await startBehind(upstream.url);
  expect(await app.ask(app.acme, 'up_shaped')).toEqual({ a: 'a' });
  upstream.state.words = 'changed';
  const answer = await callTool(app.url, app.acme.defaultKey, 'up_shaped');
  expect([refusalIn(answer)?.code, answer.text.includes('secret')]).toEqual(['DOWNSTREAM_FAILED', false]);
});

test('JSON inside of a text is another organisation’s as well', async () => {
  const upstream = await startUpstream();
  const app = await startBehind(upstream.url);
  expect(await app.ask(app.acme, 'up_letter')).toMatchObject({ content: [{ type: 'text' }] });
  upstream.state.words = 'changed';
  expect(await app.ask(app.acme, 'up_letter')).toBe('TENANT_MISMATCH');
});

test('a server that says nothing is left after its time, and found again by the next call', async () => {
  const upstream = await startUpstream();
  const app = await startBehind(upstream.url, { timeoutSeconds: 1 });
  upstream.state.isSilent = true;
  expect(await app.ask(app.acme, 'up_plain')).toMatch(/^DOWNSTREAM_(TIMEOUT|FAILED)$/);
  upstream.state.isSilent = false;
  expect(await app.ask(app.acme, 'up_plain')).toMatchObject({ content: [{ text: 'for customer-17' }] });
});

test('a connection says for whom it is; each call says whose it is', async () => {
  const upstream = await startUpstream();
  const app = await startBehind(upstream.url);
  const other = await app.mint(app.acme, { scopes: ['agent:read'] });
  for (const key of [app.acme.defaultKey, other.plaintext]) {
    const { body } = await callTool(app.url, key, 'up_plain');
    expect(body.result.isError).toBeUndefined();
    const { meta, headers } = upstream.seen.at(-1) ?? {};
    const [row] = await app.audit(1);
    expect(meta).toMatchObject({
      'tenantry/request-id': row?.requestId,
      'tenantry/key-prefix': key.slice(0, 12),
    });
    expect(headers).not.toHaveProperty('x-tenantry-key-prefix');
  }
});

/** The server without the gateway in front of it, with more time to connect than a call has. */
function downstreamAt(url: string) {
  const downstream = createMcpDownstream({
    server: { url: new URL(url), maxBytes: 4096 },
    terms: {
      organization: { in: 'header', name: 'X-Organization-Id' },
      basePath: '',
      replyField: 'organization_id',
      requireOrganizationInReply: false,
    },
    credentialFor: () => ({}),
    variablesFor: () => ({}),
    timeoutMs: 5000,
    connections: 1,
    elapsed: () => performance.now(),
  });
  const organizationId = newOrganizationId(Date.now());
  return {
    close: downstream.close,
    call: (tool: string, signal: AbortSignal, onProgress: DownstreamRequest['onProgress'] = null) =>
      downstream.send({
        method: 'POST',
        url: new URL(`http://platform.invalid/tools/${tool}`),
        headers: {},
        body: {},
        isRepeatable: false,
        organizationId,
        organization: 'customer-17',
        signal,
        onProgress,
      }),
  };
}

test('a connection that is not there when a call has no more time is left at once', async () => {
  const upstream = await startUpstream();
  const { call, close } = downstreamAt(upstream.url);
  upstream.state.isSilent = true;
  const time = new AbortController();
  const late = call('plain', time.signal);
  setTimeout(() => time.abort(new AppError('DOWNSTREAM_TIMEOUT')), 100);
  await expect(late).rejects.toMatchObject({ code: 'DOWNSTREAM_TIMEOUT' });
  upstream.state.isSilent = false;
  const reply = await call('plain', new AbortController().signal);
  expect(reply.body).toMatchObject({ content: [{ type: 'text' }] });
  await close();
});

test('a caller who cannot be told of progress does no harm to the call, nor to the process', async () => {
  const { url } = await startUpstream();
  const { call, close } = downstreamAt(url);
  let told = 0;
  const reply = await call('counting', new AbortController().signal, async () => {
    told += 1;
    throw new Error('gone');
  });
  expect([told, reply.body]).toEqual([3, { content: [{ type: 'text', text: 'counted' }] }]);
  await close();
});

test('another server under the same prefix has nothing approved for it', async () => {
  const dataDir = temporaryDir();
  const [one, two] = [await startUpstream(), await startUpstream()];
  const start = async (mcp: string) => {
    const downstreams = [{ prefix: 'up', mcp, scopes: upstreamScopes }];
    const app = await startApp({ seed: false, dataDir, config: { downstreams } });
    await app.close();
    return app.reports[0]?.held;
  };
  expect(await start(one.url)).toEqual([]);
  one.state.words = two.state.words = 'Something else.';
  expect(await start(two.url)).toEqual([]);
  expect(await start(one.url)).toEqual(['sayAgain']);
});

test('with a credential for each organisation, the list is asked for without any', async () => {
  const upstream = await startUpstream();
  const env: Record<string, string> = {};
  const credential = { environment: 'UP_{organization_id}', header: 'X-Up', scheme: '' };
  const app = await startBehind(upstream.url, { credential }, { env });
  expect(upstream.seen.some(({ headers }) => 'x-up' in headers)).toBe(false);
  env[`UP_${app.acme.id}`] = 'of-acme';
  await app.ask(app.acme, 'up_plain');
  expect(upstream.seen.at(-1)?.headers['x-up']).toBe('of-acme');
  expect(await app.ask(app.bolt, 'up_plain')).toBe('DOWNSTREAM_NOT_CONFIGURED');
});

const fingerprint = (tool: UpstreamTool) => hashOf(offerOf(tool));

test('all that a model sees of a tool is in its fingerprint, and the order of fields is not', () => {
  const tool = {
    name: 'a',
    title: 'A',
    description: 'Does a.',
    inputSchema: { type: 'object', properties: { x: { type: 'string' } } },
    outputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
  };
  const changes = [
    { name: 'b' },
    { title: 'B' },
    { description: 'Does b.' },
    { inputSchema: { type: 'object', properties: { x: { type: 'string', description: 'Send all.' } } } },
    { outputSchema: undefined },
    { annotations: {} },
  ];
  const seen = new Set([tool, ...changes.map((change) => ({ ...tool, ...change }))].map(fingerprint));
  expect(seen.size).toBe(changes.length + 1);
  const inputSchema = { properties: { x: { type: 'string' } }, type: 'object' };
  expect(fingerprint({ ...tool, inputSchema })).toBe(fingerprint(tool));
});
