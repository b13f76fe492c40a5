import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { watchLoopDelay } from '../../src/limits/loop-delay.ts';
import { defineTool } from '../../src/tool/index.ts';
import { tools } from '../../tools/index.ts';
import { requestJson } from '../support/http.ts';
import { bearer, faces, rawSearch } from '../support/raw-http.ts';
import { expectRefusal } from '../support/refusal.ts';
import { startTwoTenants } from '../support/start-app.ts';

const token = 'a-token-for-metrics-of-more-than-32-bytes';

/** A tool that lets nothing else happen for 300 ms, as a search without an index would. */
const block = defineTool({
  name: 'block',
  title: 'Block',
  description: 'Keeps the process busy.',
  scope: 'any',
  effect: 'reads',
  rest: 'GET /v1/block',
  input: z.strictObject({}),
  output: z.object({}),
  async handle() {
    const endMs = performance.now() + 300;
    while (performance.now() < endMs);
    return {};
  },
});

const startWith = (maxEventLoopDelayMs: number) =>
  startTwoTenants({
    seed: false,
    env: { METRICS_TOKEN: token },
    config: { limits: { maxEventLoopDelayMs } },
    tools: [...tools, block],
  });

test('a process that is behind sheds requests unseen, answers its probes, and takes up requests by itself', async () => {
  const app = await startWith(200);
  expect((await requestJson(`${app.url}/v1/block`, { key: app.acme.defaultKey })).status).toBe(200);
  await setTimeout(20);
  for (const face of faces) {
    for (const headers of [[bearer(app.bolt.defaultKey)], [bearer('x')], []]) {
      const refused = await rawSearch(app.port, face, headers);
      expectRefusal(refused, 503, 'OVERLOADED', face);
      expect(refused.headers.get('retry-after')).toBe('1');
    }
  }
  for (const probe of ['/healthz', '/readyz', '/metrics']) {
    expect((await requestJson(app.url + probe, { key: token })).status, probe).toBe(200);
  }
  expect((await app.audit(6)).map(({ errorCode }) => errorCode)).toEqual(Array(6).fill('OVERLOADED'));
  await expect
    .poll(async () => (await rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)])).status)
    .toBe(200);
});

test('a wait within the limit sheds nothing, and neither does any where none is set', async () => {
  for (const most of [10_000, 0]) {
    const app = await startWith(most);
    expect((await requestJson(`${app.url}/v1/block`, { key: app.acme.defaultKey })).status).toBe(200);
    await setTimeout(20);
    expect((await rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)])).status).toBe(200);
  }
});

test('a watch that was stopped looks at the clock no longer', async () => {
  let looks = 0;
  const loop = watchLoopDelay(200, () => {
    looks += 1;
    return performance.now();
  });
  await expect.poll(() => looks).toBeGreaterThan(2);
  loop.stop();
  const before = looks;
  await setTimeout(150);
  expect(looks).toBe(before);
});
