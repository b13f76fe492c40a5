import { expect, test } from 'vitest';
import { requestJson } from '../../support/http.ts';
import { methods, openDoors, restRoutes, spelledPaths } from '../../support/odd-paths.ts';
import { bearer, mcpBody, mcpHeaders, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

test('without a credential nothing answers but the open paths, however it is spelled', async () => {
  const app = await startTwoTenants({ seed: false });
  const targets = spelledPaths(app.acme.id);
  const answered = new Set<string>();
  const refused = new Set<number>();
  for (const method of methods) {
    const answers = await inParallel(targets, 16, (target) => rawHttp(app.port, { method, target }));
    for (const [target, { status }] of answers) {
      if (status >= 200 && status < 300) answered.add(`${method} ${target}`);
      else refused.add(status);
    }
  }
  const withQuery = [...openDoors].flatMap((door) => [door, `${door}?x=1`]);
  expect([...answered].sort()).toEqual(withQuery.sort());
  // Nothing is a redirect, a server error or a silent close.
  expect([...refused].sort()).toEqual([400, 401, 404, 405, 409]);
  expect(app.sent).toEqual([]);
  const rows = await app.audit(2000);
  expect(rows.filter(({ tier }) => tier !== 'none' && tier !== 'cli')).toEqual([]);
});

/** `work` on all of them, `width` at a time. */
async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>) {
  const done: [T, R][] = [];
  const queue = items.values();
  const run = async () => {
    for (const item of queue) done.push([item, await work(item)]);
  };
  await Promise.all(Array.from({ length: width }, run));
  return done;
}

test('every route of the registry asks for a credential under its own method, and no other method is there', async () => {
  const app = await startTwoTenants({ seed: false });
  const pathsToMethods = new Map<string, string[]>();
  for (const route of restRoutes) {
    const [method = '', path = ''] = route.replaceAll(/\{[^}]+\}/g, 'x').split(' ');
    pathsToMethods.set(path, [...(pathsToMethods.get(path) ?? []), method]);
  }
  for (const [path, allowed] of pathsToMethods) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await rawHttp(app.port, { method, target: path });
      const label = `${method} ${path}`;
      if (allowed.includes(method)) {
        expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', label);
      } else if (answer.status !== 401) {
        // `/v1/agents/search` is a place that `/v1/agents/{agent_id}` fits as well.
        expectRefusal(answer, 405, 'METHOD_NOT_ALLOWED', label);
        const allow = (answer.headers.get('allow') ?? '').split(', ');
        expect([label, allowed.every((each) => allow.includes(each))]).toEqual([label, true]);
      }
    }
  }
});

test('an unknown path is 404, with a credential and without one', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const headers of [[], [bearer(app.acme.defaultKey)]]) {
    for (const target of ['/nowhere', '/mcp/', '//mcp', '/MCP', '/%6dcp', '/mcp;x', '/mcp/../v1/keys']) {
      const answer = await rawHttp(app.port, {
        method: 'POST',
        target,
        headers: [...mcpHeaders('tools/list'), ...headers],
        body: mcpBody('tools/list'),
      });
      expectRefusal(answer, 404, 'NOT_FOUND', target);
    }
  }
});

test('probes skip the Host check, and nothing else does', async () => {
  const app = await startTwoTenants({ seed: false });
  for (const host of ['evil.example', 'a b', null]) {
    for (const target of ['/healthz', '/readyz']) {
      expect([target, (await rawHttp(app.port, { target, host })).status]).toEqual([target, 200]);
    }
    for (const target of ['/openapi.json', '/docs', '/v1/whoami', '/healthz/', '/healthz/x']) {
      const { status } = await rawHttp(app.port, { target, host });
      expect([target, host, status]).toEqual([target, host, host === 'evil.example' ? 403 : 400]);
    }
  }
  expect((await rawHttp(app.port, { target: '/healthz', host: null, version: '1.0' })).status).toBe(200);
  // The Origin check is another one.
  const headers: RawHeader[] = [['Origin', 'https://evil.example']];
  expectRefusal(await rawHttp(app.port, { target: '/healthz', headers }), 403, 'ORIGIN_NOT_ALLOWED');
});

test('the probes tell alive from ready, and neither leaves a row', async () => {
  const app = await startTwoTenants({ seed: false });
  const before = (await app.audit()).length;
  expect((await requestJson(`${app.url}/healthz`)).body).toEqual({ status: 'ok' });
  expect((await requestJson(`${app.url}/readyz`)).body).toEqual({ status: 'ready' });
  await app.app.inFlight.drain();
  expect((await requestJson(`${app.url}/readyz`)).status).toBe(503);
  expect((await requestJson(`${app.url}/healthz`)).status).toBe(200);
  expect((await app.audit()).length).toBe(before);
});
