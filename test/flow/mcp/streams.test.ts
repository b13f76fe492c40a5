import { describe, expect, test } from 'vitest';
import { tools } from '../../../tools/index.ts';
import { requestJson } from '../../support/http.ts';
import { begun, slowTools } from '../../support/slow-tools.ts';
import { startApp, type Tenant, type TestApp } from '../../support/start-app.ts';
import { collect, type Era, eras, openBeside, openCall } from '../../support/streams.ts';

const progressToken = 'progress-1';

async function startSlowApp(fastLane = true) {
  const app = await startApp({
    tools: [...tools, ...slowTools],
    seed: false,
    config: { server: { fastLane }, store: { busyTimeoutMs: 100 } },
  });
  const acme = await app.provision('Acme Research');
  return { ...app, acme };
}

/** Revokes as a manager does it, through the front door. */
async function revoke(app: TestApp, tenant: Tenant, keyId: string): Promise<void> {
  const manager = await app.mint(tenant, { additionalScopes: ['key:write'] });
  const answer = await requestJson(`${app.url}/v1/keys/${keyId}`, {
    method: 'DELETE',
    key: manager.plaintext,
  });
  expect(answer.status).toBe(200);
}

/** The rows of `tool`, once there are `count` of them. */
async function rowsOfTool(app: TestApp, tool: string, count = 1) {
  const read = async () => (await app.audit()).filter((row) => row.tool === tool);
  await expect.poll(async () => (await read()).length).toBeGreaterThanOrEqual(count);
  return read();
}

describe.each(eras)('in the era of %s', (era) => {
  test('progress comes before the result, and the audit row is committed before the result is shown', async () => {
    const app = await startSlowApp();
    const beside = openBeside(app);
    const call = await openCall(app.url, app.acme.defaultKey, era, { name: 'counting', progressToken });
    const seen: { message: unknown; rows: number }[] = [];
    for await (const message of call.messages)
      seen.push({ message, rows: beside.rowsOf(call.requestId).length });
    const progress = seen.slice(0, -1).map(({ message, rows }) => ({ ...(message as object), rows }));
    expect(progress).toEqual(
      [1, 2, 3].map((done) => ({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken, progress: done, total: 3, message: `Step ${done}.` },
        rows: 0,
      })),
    );
    expect(seen.at(-1)).toMatchObject({
      message: { id: 1, result: { structuredContent: { says: 'the counted result' } } },
      rows: 1,
    });
    expect(await rowsOfTool(app, 'counting')).toMatchObject([
      { status: 200, errorCode: null, era, requestId: call.requestId },
    ]);
  });

  test('a result whose audit row cannot be written is not shown', async () => {
    const app = await startSlowApp();
    const beside = openBeside(app);
    const call = await openCall(app.url, app.acme.defaultKey, era, { name: 'counting', progressToken });
    beside.lock();
    const messages = await collect(call.messages);
    beside.unlock();
    expect(JSON.stringify(messages)).not.toContain('the counted result');
    expect(messages.at(-1)).toMatchObject({
      id: 1,
      error: { code: 50302, data: { code: 'STORE_BUSY', request_id: call.requestId } },
    });
    expect(beside.rowsOf(call.requestId)).toEqual([]);
    const next = await openCall(app.url, app.acme.defaultKey, era, { name: 'counting' });
    expect(await collect(next.messages)).toMatchObject([
      { result: { structuredContent: { says: 'the counted result' } } },
    ]);
  });

  test.each([
    [progressToken, true],
    [undefined, true],
    [undefined, false],
  ])(
    'a client that goes away leaves one row, CANCELLED 499 (progress: %s, fast lane: %s)',
    async (token, fastLane) => {
      const app = await startSlowApp(fastLane);
      const client = new AbortController();
      const options = {
        name: 'deaf_for_long',
        signal: client.signal,
        ...(token && { progressToken: token }),
      };
      const before = begun.length;
      const opening = openCall(app.url, app.acme.defaultKey, era, options).catch(() => undefined);
      if (token) await (await opening)?.messages.next();
      await expect.poll(() => begun.length).toBeGreaterThan(before);
      client.abort();
      expect(await rowsOfTool(app, 'deaf_for_long')).toMatchObject([
        { status: 499, errorCode: 'CANCELLED', era },
      ]);
      // A second row would be committed before that of a later call.
      await collect((await openCall(app.url, app.acme.defaultKey, era, { name: 'whoami' })).messages);
      expect(await rowsOfTool(app, 'whoami')).toHaveLength(1);
      expect(await rowsOfTool(app, 'deaf_for_long')).toHaveLength(1);
    },
  );
});

test('a stream whose key is revoked is ended, and no other is', async () => {
  const app = await startSlowApp();
  const [key, other] = [await app.mint(app.acme), await app.mint(app.acme)];
  const open = (plaintext: string, era: Era, name: string) =>
    openCall(app.url, plaintext, era, { name, progressToken });
  const names = ['ticking', 'deaf_for_long'];
  const cut = await Promise.all(names.flatMap((name) => eras.map((era) => open(key.plaintext, era, name))));
  const untouched = await open(other.plaintext, '2026', 'ticking');
  for (const { messages } of [...cut, untouched]) expect((await messages.next()).done).toBe(false);

  await revoke(app, app.acme, key.id);
  const shown = await Promise.all(cut.map(({ messages }) => collect(messages)));
  expect(shown.flat().filter((message) => 'result' in message)).toEqual([]);
  for (const name of names) {
    const row = { status: 401, errorCode: 'INVALID_TOKEN', keyId: key.id };
    expect(await rowsOfTool(app, name, 2)).toMatchObject([row, row]);
  }
  expect((await untouched.messages.next()).value).toMatchObject({ method: 'notifications/progress' });
});

test('a tool that ignores its signal is cut off when its time is up, whether it streams or not', async () => {
  const app = await startSlowApp();
  const asked = eras.flatMap((era) => [{ era, progressToken }, { era }]);
  const answers = await Promise.all(
    asked.map(async ({ era, ...token }) => {
      const call = await openCall(app.url, app.acme.defaultKey, era, { name: 'deaf', ...token });
      return { requestId: call.requestId, messages: await collect(call.messages) };
    }),
  );
  for (const { requestId, messages } of answers) {
    expect(messages.at(-1)?.result).toMatchObject({
      isError: true,
      _meta: { 'tenantry/error': { code: 'DOWNSTREAM_TIMEOUT', request_id: requestId } },
    });
  }
  const timedOut = { status: 200, errorCode: 'DOWNSTREAM_TIMEOUT' };
  expect(await rowsOfTool(app, 'deaf', 4)).toMatchObject([timedOut, timedOut, timedOut, timedOut]);
});

test('a stream whose key expires is ended', async () => {
  const app = await startSlowApp();
  const key = await app.mint(app.acme, { expiresInDays: 1 });
  const call = await openCall(app.url, key.plaintext, '2026', { name: 'ticking', progressToken });
  await call.messages.next();
  app.advance(25 * 3_600_000);
  await collect(call.messages);
  expect(await rowsOfTool(app, 'ticking')).toMatchObject([{ status: 401, errorCode: 'INVALID_TOKEN' }]);
});
