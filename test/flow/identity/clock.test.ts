import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import { createClock } from '../../../src/clock.ts';
import { createResilience, type Outcome } from '../../../src/downstream/resilience.ts';
import { AppError } from '../../../src/errors.ts';
import { startDailyTasks } from '../../../src/server/housekeeping.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { bearer, rawSearch } from '../../support/raw-http.ts';
import { startApp, startTwoTenants, type Tenant, type TestApp } from '../../support/start-app.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const whoami = async ({ url }: Pick<TestApp, 'url'>, key: string) =>
  (await requestJson(`${url}/v1/whoami`, { key })).status;

/** A server that can be started again on its stores, with a clock that the test sets. */
async function startAgain(startMs: number) {
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-clock-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const clock = { ms: startMs };
  const start = () => startApp({ seed: false, dataDir, now: () => clock.ms });
  const app = await start();
  const acme = await app.provision('Acme');
  return { app, acme, clock, start };
}

const atOf = async (app: TestApp) => (await app.audit(1000)).toReversed().map(({ at }) => at);

async function makeKeys(app: TestApp, acme: Tenant) {
  const manager = await app.mint(acme, { scopes: ['key:write', 'key:read'], expiresInDays: 'never' });
  const replaced = await app.mint(acme);
  const ended = await app.mint(acme, { expiresInDays: 1 });
  const inGrace = await app.mint(acme);
  const rotate = (id: string, grace: string) =>
    requestJson(`${app.url}/v1/keys/${id}/rotate`, { key: manager.plaintext, body: { grace } });
  expect((await rotate(replaced.id, '0')).status).toBe(201);
  expect((await rotate(inGrace.id, '1h')).status).toBe(201);
  return { manager, replaced, ended, inGrace };
}

test('with every jump of a machine’s clock time goes on: never back, and never slower than a span', () => {
  const steps = fc.array(fc.record({ step: fc.integer({ min: -9e8, max: 9e8 }), span: fc.nat(1e6) }));
  fc.assert(
    fc.property(steps, fc.boolean(), (moves, isRow) => {
      const at = { machineMs: 1e12, spanMs: 0 };
      const clock = createClock(
        () => at.machineMs,
        () => at.spanMs,
      );
      let lastMs = clock.now();
      for (const { step, span } of moves) {
        at.machineMs += span + step;
        at.spanMs += span;
        if (isRow) clock.observe(at.machineMs - step);
        const nowMs = clock.now();
        expect(nowMs).toBeGreaterThanOrEqual(Math.max(lastMs + span, at.machineMs));
        expect(clock.aheadMs()).toBe(nowMs - at.machineMs);
        lastMs = nowMs;
      }
    }),
  );
});

test('a clock that goes back while the server runs revives no key, and ends no grace later', async () => {
  const app = await startTwoTenants({ seed: false });
  const keys = await makeKeys(app, app.acme);
  app.advance(2 * DAY_MS);
  const ended = [keys.replaced, keys.ended, keys.inGrace];
  for (const ms of [0, -3 * DAY_MS, -365 * DAY_MS]) {
    app.advance(ms);
    for (const { plaintext } of ended) expect(await whoami(app, plaintext)).toBe(401);
    expect(await whoami(app, keys.manager.plaintext)).toBe(200);
  }
  const late = await app.mint(app.acme, { expiresInDays: 1 });
  expect(await whoami(app, late.plaintext)).toBe(200);
  // The machine has not caught up, and a day is a day all the same.
  app.advance(DAY_MS);
  expect(await whoami(app, late.plaintext)).toBe(401);
  const times = await atOf(app);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('a restart with a clock that was set back revives no key, and mints none that ended before it was made', async () => {
  const { app, acme, clock, start } = await startAgain(Date.now());
  const keys = await makeKeys(app, acme);
  clock.ms += 2 * DAY_MS;
  for (const { plaintext } of [keys.replaced, keys.ended, keys.inGrace]) {
    expect(await whoami(app, plaintext)).toBe(401);
  }
  await app.close();
  clock.ms -= 2 * DAY_MS + HOUR_MS;
  const again = await start();
  for (const { plaintext } of [keys.replaced, keys.ended, keys.inGrace]) {
    expect(await whoami(again, plaintext)).toBe(401);
  }
  const shown = await requestJson(`${again.url}/v1/keys/${keys.replaced.id}`, {
    key: keys.manager.plaintext,
  });
  expect(shown.body.key).toMatchObject({ status: 'revoked', revoked_by: keys.manager.prefix });
  const times = await atOf(again);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const minted = await requestJson(`${again.url}/v1/keys`, {
    key: keys.manager.plaintext,
    body: { scope_type: 'global', name: 'late', expires_in_days: 1 },
  });
  expect(Date.parse(minted.body.key.created_at)).toBeGreaterThanOrEqual(Math.max(...times));
  expect(await whoami(again, minted.body.auth_token)).toBe(200);
  const tasks = startDailyTasks(again.services);
  expect(again.log.join('')).toContain('the clock of the machine is behind the newest row of the store');
  tasks.stop();
  await again.close();
});

test('a row that another process wrote with a clock ahead counts on the next request', async () => {
  const app = await startTwoTenants({ seed: false });
  const doomed = await app.mint(app.acme, { expiresInDays: 1 });
  expect(await whoami(app, doomed.plaintext)).toBe(200);
  const other = await startApp({ seed: false, dataDir: app.dataDir, now: () => Date.now() + 2 * DAY_MS });
  expect(await whoami(other, app.acme.defaultKey)).toBe(200);
  await other.close();
  expect(await whoami(app, doomed.plaintext)).toBe(401);
});

test('it counts too where a row of an older call was written after it', async () => {
  const app = await startTwoTenants({ seed: false });
  const doomed = await app.mint(app.acme, { expiresInDays: 1 });
  expect(await whoami(app, doomed.plaintext)).toBe(200);
  const [{ seq: _, hash: __, ...older }] = (await app.audit(1)) as [AuditEvent];
  const other = await startApp({ seed: false, dataDir: app.dataDir, now: () => Date.now() + 2 * DAY_MS });
  expect(await whoami(other, app.acme.defaultKey)).toBe(200);
  await other.close();
  await app.services.store.audit.append(older);
  expect(await whoami(app, doomed.plaintext)).toBe(401);
});

test('a clock that goes back an hour empties no key’s rate', async () => {
  const app = await startTwoTenants({ seed: false, config: { limits: { requestsPerMinutePerKey: 60 } } });
  const ask = () => rawSearch(app.port, 'rest', [bearer(app.acme.defaultKey)]);
  for (const ms of [0, -HOUR_MS, -HOUR_MS, 2 * HOUR_MS]) {
    app.advance(ms);
    expect((await ask()).status).toBe(200);
  }
});

test('a clock that goes back an hour keeps no circuit open', async () => {
  const span = { ms: 0 };
  const platform = createResilience<string, string>(0, () => span.ms);
  const failure = new AppError('DOWNSTREAM_FAILED');
  const ask = (outcome: Outcome<string>) =>
    platform.run('acme', true, new AbortController().signal, async () => outcome);
  for (let tries = 0; tries < 5; tries += 1) {
    await expect(ask({ failure, isOutage: true, isTransient: false })).rejects.toBe(failure);
  }
  const open = { detail: { reason: 'circuit open' } };
  await expect(ask({ value: 'up again' })).rejects.toMatchObject(open);
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - HOUR_MS);
  onTestFinished(() => clock.mockRestore());
  await expect(ask({ value: 'up again' })).rejects.toMatchObject(open);
  span.ms += 10_000;
  expect(await ask({ value: 'up again' })).toBe('up again');
});

test('how long a call took is measured by the clock that nobody sets', async () => {
  let stepMs = 0;
  const app = await startApp({
    seed: false,
    now: () => Date.parse('2026-01-01T00:00:00Z') + stepMs,
    elapsed: () => 0,
    fakeReply: () => {
      stepMs = 3_600_000;
      return undefined;
    },
  });
  const acme = await app.provision('Acme');
  await callTool(app.url, acme.defaultKey, 'search_agents', { query: 'nurse' });
  const [row] = await app.audit(1);
  expect([stepMs, row?.tool, row?.durationMs]).toEqual([3_600_000, 'search_agents', 0]);
});
