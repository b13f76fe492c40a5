import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { callTool } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { emptyPage, json, queryOf, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

type Reply = Parameters<typeof startRestPlatform>[0];

async function startBehind(reply: Reply, settings: Record<string, unknown> = {}) {
  const platform = await startRestPlatform(reply);
  const downstream = { url: platform.url, retries: 0, ...settings };
  const app = await startApp({ seed: false, config: { downstream } });
  const acme = await app.provision('Acme');
  const bolt = await app.provision('Bolt');
  const codeOf = async (key = acme.defaultKey) => {
    const answer = await callTool(app.url, key, 'search_agents', {});
    expect(answer.status).toBe(200);
    expect(answer.text).not.toMatch(/secret|stack|<html/);
    const [row] = await app.audit(1);
    const code = refusalIn(answer)?.code ?? 'answered';
    expect([row?.tool, row?.errorCode ?? 'answered']).toEqual(['search_agents', code]);
    return code as string;
  };
  return { ...app, acme, bolt, platform, codeOf };
}

const good: Reply = (call, response) => json(response, emptyPage(queryOf(call).get('organization_id')));
const raw =
  (head: string, body = ''): Reply =>
  (_call, response) => {
    response.socket?.end(`${head}\r\n\r\n${body}`);
  };

const secretPage = JSON.stringify({ secret: 'stack' });

test.each<[string, string, Reply]>([
  ['400', 'VALIDATION_ERROR', (_, response) => json(response, { secret: 'stack' }, 400)],
  ['401', 'DOWNSTREAM_FAILED', (_, response) => json(response, { secret: 'stack' }, 401)],
  ['403', 'DOWNSTREAM_FAILED', (_, response) => json(response, { secret: 'stack' }, 403)],
  ['404', 'NOT_FOUND', (_, response) => json(response, { secret: 'stack' }, 404)],
  ['429', 'DOWNSTREAM_FAILED', (_, response) => json(response, { secret: 'stack' }, 429)],
  ['500', 'DOWNSTREAM_FAILED', (_, response) => json(response, { secret: 'stack' }, 500)],
  ['503 in HTML', 'DOWNSTREAM_FAILED', raw('HTTP/1.1 503 X\r\nContent-Type: text/html', '<html>secret')],
  [
    'a redirect to a metadata address',
    'DOWNSTREAM_FAILED',
    raw('HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0'),
  ],
  ['an empty 200', 'DOWNSTREAM_FAILED', raw('HTTP/1.1 200 OK\r\nContent-Length: 0')],
  ['HTML', 'DOWNSTREAM_FAILED', raw('HTTP/1.1 200 OK\r\nContent-Type: text/html', '<html>secret</html>')],
  ['text that is JSON', 'DOWNSTREAM_FAILED', raw('HTTP/1.1 200 OK\r\nContent-Type: text/plain', secretPage)],
  [
    'broken JSON',
    'DOWNSTREAM_FAILED',
    raw('HTTP/1.1 200 OK\r\nContent-Type: application/json', '{"secret": "stack'),
  ],
  [
    'a truncated body',
    'DOWNSTREAM_FAILED',
    raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500', secretPage),
  ],
  [
    'compressed bytes',
    'DOWNSTREAM_FAILED',
    raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip', '{}'),
  ],
  ['no HTTP at all', 'DOWNSTREAM_FAILED', raw('SSH-2.0-secret')],
  ['a closed socket', 'DOWNSTREAM_FAILED', (_, response) => void response.destroy()],
  [
    'a deep nest',
    'DOWNSTREAM_FAILED',
    raw('HTTP/1.1 200 OK\r\nContent-Type: application/json', `${'['.repeat(50_000)}${']'.repeat(50_000)}`),
  ],
  ['another shape', 'TENANT_MISMATCH', (_, response) => json(response, ['secret'])],
])('%s is %s, and the process lives on', async (_what, code, reply) => {
  const app = await startBehind(reply);
  expect(await app.codeOf()).toBe(code);
  expect(await app.codeOf()).toBe(code);
  expect(app.platform.calls.length).toBe(2);
  expect(app.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

test('a reply of a hundred megabytes is let go of as soon as it is too large', async () => {
  let written = 0;
  const app = await startBehind(async (_call, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('"');
    const chunk = 'x'.repeat(1_000_000);
    for (; written < 100 && !response.destroyed; written += 1) {
      response.write(chunk);
      await setTimeout(5);
    }
    response.end('"');
  });
  expect(await app.codeOf()).toBe('DOWNSTREAM_FAILED');
  expect(written).toBeLessThan(90);
});

test('silence ends when its time is up, before the first byte, after it, and however slowly they drip', async () => {
  const silent = await startBehind(() => {}, { timeoutSeconds: 1 });
  expect(await silent.codeOf()).toBe('DOWNSTREAM_TIMEOUT');
  const halting = await startBehind(
    (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    },
    { timeoutSeconds: 1 },
  );
  expect(await halting.codeOf()).toBe('DOWNSTREAM_TIMEOUT');
  const dripping = await startBehind(
    async (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (; !response.destroyed; await setTimeout(200)) response.write(' ');
    },
    { timeoutSeconds: 1 },
  );
  expect(await dripping.codeOf()).toBe('DOWNSTREAM_TIMEOUT');
});

test('a platform that is not there is a failure, and found again when it comes back', async () => {
  const app = await startBehind(good);
  expect(await app.codeOf()).toBe('answered');
  app.platform.server.closeAllConnections();
  await new Promise((resolve) => app.platform.server.close(resolve));
  expect(await app.codeOf()).toBe('DOWNSTREAM_FAILED');
  const { port } = new URL(app.platform.url);
  await new Promise<void>((resolve) => app.platform.server.listen(Number(port), '127.0.0.1', resolve));
  expect(await app.codeOf()).toBe('answered');
});

test('a read is tried again where that may help, and a write never', async () => {
  let failures = 2;
  const app = await startBehind(
    (call, response) => {
      failures -= 1;
      if (failures >= 0) json(response, {}, 503);
      else good(call, response);
    },
    { retries: 2 },
  );
  expect(await app.codeOf()).toBe('answered');
  expect(app.platform.calls).toHaveLength(3);
  const writer = await app.mint(app.acme, { scopes: ['research_group:write'] });
  failures = 1;
  const group = { name: 'Nurses', agent_ids: ['agt_1'] };
  const made = await callTool(app.url, writer.plaintext, 'create_research_group', group);
  expect([refusalIn(made).code, app.platform.calls.length]).toEqual(['DOWNSTREAM_FAILED', 4]);
  failures = 0;
  const rows = await app.audit(2);
  expect(rows.map(({ kind, errorCode }) => [kind, errorCode])).toEqual([
    ['call', 'DOWNSTREAM_FAILED'],
    ['intent', null],
  ]);
});

test('a platform that keeps failing for one organisation is left alone for it, and for no other', async () => {
  const failing = new Set<string>();
  const app = await startBehind((call, response) => {
    if (failing.has(queryOf(call).get('organization_id') ?? '')) json(response, {}, 500);
    else good(call, response);
  });
  failing.add(app.acme.id);
  for (let count = 0; count < 8; count += 1) expect(await app.codeOf()).toBe('DOWNSTREAM_FAILED');
  expect(app.platform.calls).toHaveLength(5);
  const answer = await callTool(app.url, app.acme.defaultKey, 'search_agents', {});
  expect(answer.body.result.content[0].text).toContain('several times in a row');
  expect(await app.codeOf(app.bolt.defaultKey)).toBe('answered');
});

test('refusals of arguments are no outage: they never open the circuit', async () => {
  const app = await startBehind((_call, response) => json(response, {}, 404));
  for (let count = 0; count < 12; count += 1) expect(await app.codeOf()).toBe('NOT_FOUND');
  expect(app.platform.calls).toHaveLength(12);
});

test('a caller who goes away takes the request along', async () => {
  const gone = Promise.withResolvers<void>();
  const app = await startBehind((_call, response) => void response.on('close', () => gone.resolve()));
  const end = new AbortController();
  const request = fetch(`${app.url}/v1/agents/search`, {
    headers: { authorization: `Bearer ${app.acme.defaultKey}` },
    signal: end.signal,
  });
  await expect.poll(() => app.platform.calls.length).toBe(1);
  end.abort();
  await expect(request).rejects.toThrow();
  await gone.promise;
  await expect.poll(async () => (await app.audit(1))[0]?.errorCode).toBe('CANCELLED');
});
