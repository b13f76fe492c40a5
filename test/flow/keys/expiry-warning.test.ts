import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { startDailyTasks } from '../../../src/server/housekeeping.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { startApp, startTwoTenants, type TestApp } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;
const header = 'x-key-expires-at';

afterEach(() => void vi.useRealTimers());

test('in the last 14 days of a key every answer says when it ends, and none before', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = await app.mint(app.acme, { scopes: ['agent:search'], expiresInDays: 20 });
  const ends = new Date(key.expiresAtMs ?? 0).toISOString();
  const answers = () =>
    Promise.all([
      requestJson(`${app.url}/v1/whoami`, { key: key.plaintext }),
      callTool(app.url, key.plaintext, 'search_agents'),
      rpc(app.url, key.plaintext, 'tools/list'),
      // Refused by its scope, by its arguments, and by its body.
      requestJson(`${app.url}/v1/keys`, { key: key.plaintext }),
      requestJson(`${app.url}/v1/agents/search?limit=0`, { key: key.plaintext }),
      requestJson(`${app.url}/mcp`, { key: key.plaintext, body: '{' }),
    ]);
  const shown = async () => (await answers()).map(({ status, headers }) => [status, headers.get(header)]);
  const statuses = [200, 200, 200, 403, 400, 400];
  app.advance(6 * DAY_MS - 60_000);
  expect(await shown()).toEqual(statuses.map((status) => [status, null]));
  app.advance(60_000);
  expect(await shown()).toEqual(statuses.map((status) => [status, ends]));
  const never = await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey });
  expect([never.status, never.headers.get(header)]).toEqual([200, null]);
  app.advance(14 * DAY_MS);
  const dead = await requestJson(`${app.url}/v1/whoami`, { key: key.plaintext });
  expect([dead.status, dead.headers.get(header)]).toEqual([401, null]);
});

test('a replaced key says when its grace is over, not when it would have expired', async () => {
  const app = await startTwoTenants({ seed: false });
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  const old = await app.mint(app.acme, { scopes: [] });
  const body = { grace: '1h' };
  const rotated = await requestJson(`${app.url}/v1/keys/${old.id}/rotate`, { key: manager.plaintext, body });
  const answer = await requestJson(`${app.url}/v1/whoami`, { key: old.plaintext });
  expect(answer.headers.get(header)).toBe(rotated.body.replaced.grace_until);
});

test('a page in a browser may read it', async () => {
  const origin = 'https://app.example.com';
  const app = await startApp({ config: { server: { allowedOrigins: [origin] } }, seed: false });
  const acme = await app.provision('Acme');
  const key = await app.mint(acme, { scopes: [], expiresInDays: 3 });
  const answer = await requestJson(`${app.url}/v1/whoami`, { key: key.plaintext, headers: { origin } });
  expect(answer.headers.get(header)).not.toBeNull();
  expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toContain(header);
});

/** What the housekeeping has logged of keys that end, once it has had its turns. */
async function warnings(app: TestApp) {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  return app.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a key ends soon');
}

test('the log names each key in its last 14 days, at the start and once a day, and no secret', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const app = await startTwoTenants({ seed: false });
  const mint = (expiresInDays: number, tenant = app.acme) =>
    app.mint(tenant, { scopes: [], owner: 'Ann', name: 'ci', expiresInDays });
  const soon = await mint(10);
  const theirs = await mint(14, app.bolt);
  const later = await mint(16);
  const ended = await mint(1);
  const revoked = await mint(10);
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  await callTool(app.url, manager.plaintext, 'revoke_key', { key_id: revoked.id });
  app.advance(DAY_MS);

  const housekeeping = startDailyTasks(app.services);
  const first = await warnings(app);
  expect(first.map(({ keyId }) => keyId).sort()).toEqual([soon.id, theirs.id].sort());
  expect(first.find(({ keyId }) => keyId === soon.id)).toMatchObject({
    level: 40,
    organizationId: app.acme.id,
    prefix: soon.prefix,
    owner: 'Ann',
    expiresAt: new Date(soon.expiresAtMs ?? 0).toISOString(),
  });
  vi.advanceTimersByTime(DAY_MS - 60_000);
  expect(await warnings(app)).toHaveLength(2);
  app.advance(DAY_MS);
  vi.advanceTimersByTime(60_000);
  const second = (await warnings(app)).slice(2);
  expect(second.map(({ keyId }) => keyId).sort()).toEqual([soon.id, theirs.id, later.id].sort());
  housekeeping.stop();
  vi.advanceTimersByTime(3 * DAY_MS);
  expect(await warnings(app)).toHaveLength(5);
  for (const key of [soon, later, ended]) expect(app.log.join('')).not.toContain(key.plaintext);
});

test('a host key that ends soon is named too, as a key of no organisation', async () => {
  const app = await startTwoTenants({ seed: false });
  const host = await app.mintHost([app.acme], { expiresInDays: 10 });
  const housekeeping = startDailyTasks(app.services);
  expect(await warnings(app)).toMatchObject([{ keyId: host.id, organizationId: null, prefix: host.prefix }]);
  housekeeping.stop();
});
