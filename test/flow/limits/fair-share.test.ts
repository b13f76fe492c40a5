import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '#tool';
import { tools } from '../../../tools/index.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

/** A tool that ends when it is told to. */
function waitingTool() {
  const gate = Promise.withResolvers<void>();
  const tool = defineTool({
    name: 'wait_here',
    title: 'Wait',
    description: 'Waits until it is let go.',
    scope: 'any',
    effect: 'reads',
    rest: 'GET /v1/wait',
    input: z.strictObject({}),
    output: z.object({}),
    handle: async () => {
      await gate.promise;
      return {};
    },
  });
  return { tool, release: gate.resolve };
}

test('one organisation cannot take more than its share, and never shuts out another', async () => {
  const { tool, release } = waitingTool();
  const limits = { maxConcurrentRequests: 8 };
  const app = await startTwoTenants({ seed: false, tools: [...tools, tool], config: { limits } });
  const wait = () => requestJson(`${app.url}/v1/wait`, { key: app.acme.defaultKey });
  const held = [wait(), wait()];
  await expect.poll(async () => (await wait()).status).toBe(503);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: app.bolt.defaultKey })).status).toBe(200);
  release();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey })).status).toBe(200);
});

test('a client that sends its body slowly holds no place', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { maxConcurrentRequests: 1 } } });
  const socket = connect(app.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${app.acme.defaultKey}\r\n`;
  socket.write(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey })).status).toBe(200);
});

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;

test('requests that a connection sends ahead are taken up one after the other', async () => {
  const { tool, release } = waitingTool();
  const app = await startTwoTenants({ seed: false, tools: [...tools, tool] });
  const socket = connect(app.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const own = `Authorization: Bearer ${app.acme.defaultKey}\r\n`;
  socket.write(get('/v1/wait', own) + get('/v1/whoami', own) + get('/healthz'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await app.audit(1))[0]?.target).not.toBe('/v1/whoami');
  release();
  await expect.poll(() => text.match(/HTTP\/1\.1 200/g)?.length).toBe(3);
  expect((await app.audit(2)).map(({ target }) => target)).toEqual(['/v1/whoami', '/v1/wait']);
});

test('a connection that sends far ahead and reads nothing is closed', async () => {
  const app = await startTwoTenants({ seed: false });
  const socket = connect(app.port, '127.0.0.1').pause();
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.pause().write(get('/openapi.json').repeat(1000));
  setTimeout(() => socket.resume(), 300);
  await closed;
  expect(text.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThan(100);
  expect((await requestJson(`${app.url}/healthz`)).status).toBe(200);
});

test('a call that is over leaves no timer behind', async () => {
  const app = await startTwoTenants({ seed: false });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  await callTool(app.url, app.acme.defaultKey, 'whoami');
  const before = timers();
  for (let count = 0; count < 20; count += 1) await callTool(app.url, app.acme.defaultKey, 'whoami');
  expect(timers() - before).toBeLessThan(5);
});
