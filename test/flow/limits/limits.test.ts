import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/tool/public.ts';
import { tools } from '../../../tools/index.ts';
import { type JsonAnswer, requestJson, rpc } from '../../support/http.ts';
import { bearer, protocols, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const retryAfter = ({ headers }: JsonAnswer) => Number(headers.get('retry-after'));

test('a key that asks too often waits, says how long, and holds up nobody else', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { requestsPerMinutePerKey: 3 } } });
  const { plaintext: sibling } = await app.mint(app.acme);
  const search = (key: string, protocol: (typeof protocols)[number]) =>
    rawSearch(app.port, protocol, [bearer(key)]);
  for (let count = 0; count < 3; count += 1) {
    expect((await search(app.acme.defaultKey, 'rest')).status).toBe(200);
  }
  for (const protocol of protocols) {
    const refused = await search(app.acme.defaultKey, protocol);
    expectRefusal(refused, 429, 'RATE_LIMITED', protocol);
    if (protocol === 'mcp') expect(refused.body).toMatchObject({ id: null, error: { code: 42901 } });
    expect(retryAfter(refused)).toBeGreaterThanOrEqual(1);
    expect(retryAfter(refused)).toBeLessThanOrEqual(20);
    const [row] = await app.audit(1);
    expect(row).toMatchObject({ organizationId: app.acme.id, status: 429, errorCode: 'RATE_LIMITED' });
  }
  for (const key of [sibling, app.bolt.defaultKey]) expect((await search(key, 'mcp')).status).toBe(200);
  app.advance(20_000);
  expect((await search(app.acme.defaultKey, 'mcp')).status).toBe(200);
  expectRefusal(await search(app.acme.defaultKey, 'mcp'), 429, 'RATE_LIMITED');
  app.advance(3_600_000);
  const burst = await Promise.all(Array.from({ length: 5 }, () => search(app.acme.defaultKey, 'mcp')));
  expect(burst.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
});

test('a client’s first question is put off with 503, since it takes a 429 for an old server', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { requestsPerMinutePerKey: 1 } } });
  expect((await rpc(app.url, app.acme.defaultKey, 'server/discover')).status).toBe(200);
  const refused = await rpc(app.url, app.acme.defaultKey, 'server/discover');
  expectRefusal(refused, 503, 'RATE_LIMITED');
  expect(refused.body.error.code).toBe(42901);
  expect(retryAfter(refused)).toBeGreaterThanOrEqual(1);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ status: 503, errorCode: 'RATE_LIMITED' });
});

test('a bad credential is 401 and not 429, however often, and costs the good ones nothing', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { requestsPerMinutePerKey: 1 } } });
  for (let count = 0; count < 40; count += 1) {
    expectRefusal(await rawSearch(app.port, 'mcp', [bearer('x')]), 401, 'INVALID_TOKEN');
  }
  expect((await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)])).status).toBe(200);
});

/** A tool that is entered and does not end before it is let go. */
function heldTool() {
  const entered = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const tool = defineTool({
    name: 'hold',
    title: 'Hold',
    description: 'Ends when it is let go.',
    scope: 'any',
    effect: 'reads',
    rest: 'GET /v1/hold',
    input: z.strictObject({}),
    output: z.object({ ended: z.boolean() }),
    async handle() {
      entered.resolve();
      await held.promise;
      return { ended: true };
    },
  });
  return { tool, entered: entered.promise, release: held.resolve };
}

test('beyond what it can carry the server sheds requests, and keeps those it has', async () => {
  const { tool, entered, release } = heldTool();
  const limits = { maxConcurrentRequests: 1 };
  const app = await startTwoTenants({ seed: false, config: { limits }, tools: [...tools, tool] });
  const held = requestJson(`${app.url}/v1/hold`, { key: app.acme.defaultKey });
  await entered;
  for (const protocol of protocols) {
    // For every caller: the credential is not even read.
    for (const headers of [[bearer(app.bolt.defaultKey)], [bearer('x')], []]) {
      const refused = await rawSearch(app.port, protocol, headers);
      expectRefusal(refused, 503, 'OVERLOADED', protocol);
      if (protocol === 'mcp') expect(refused.body).toMatchObject({ id: null, error: { code: 50303 } });
      expect(retryAfter(refused)).toBeGreaterThanOrEqual(1);
    }
  }
  expect((await requestJson(`${app.url}/healthz`)).status).toBe(200);
  expect((await requestJson(`${app.url}/readyz`)).status).toBe(200);
  const rows = await app.audit(6);
  expect(rows.map(({ errorCode, status }) => [errorCode, status])).toEqual(
    Array(6).fill(['OVERLOADED', 503]),
  );
  release();
  expect(await held).toMatchObject({ status: 200, body: { ended: true } });
  expect((await rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)])).status).toBe(200);
  // A refused request gives back what it took as well.
  expectRefusal(await rawSearch(app.port, 'mcp', [bearer('x')]), 401, 'INVALID_TOKEN');
  expect((await rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)])).status).toBe(200);
});

test('a server that stops finishes what it has, takes nothing new, and says so', async () => {
  const { tool, entered, release } = heldTool();
  const app = await startTwoTenants({ seed: false, tools: [...tools, tool] });
  const held = requestJson(`${app.url}/v1/hold`, { key: app.acme.defaultKey });
  await entered;
  let drained = false;
  const draining = app.app.inFlight.drain().then(() => {
    drained = true;
  });
  for (const protocol of protocols) {
    const refused = await rawSearch(app.port, protocol, [bearer(app.acme.defaultKey)]);
    expectRefusal(refused, 503, 'SHUTTING_DOWN', protocol);
    if (protocol === 'mcp') expect(refused.body).toMatchObject({ id: null, error: { code: 50304 } });
    expect(retryAfter(refused)).toBeGreaterThanOrEqual(1);
  }
  // Else a client that asks on and on would keep its connection, and the server, until all are cut.
  for (const [path, status] of [
    ['readyz', 503],
    ['healthz', 200],
    ['v1/whoami', 503],
  ] as const) {
    const answer = await requestJson(`${app.url}/${path}`, { key: app.acme.defaultKey });
    expect([answer.status, answer.headers.get('connection')], path).toEqual([status, 'close']);
  }
  expect(drained).toBe(false);
  release();
  const last = await held;
  expect(last).toMatchObject({ status: 200, body: { ended: true } });
  expect(last.headers.get('connection')).toBe('close');
  await draining;
  const closing = (await app.audit()).filter(({ tool: name }) => name === 'hold');
  expect(closing.map(({ status }) => status)).toEqual([200]);
});
