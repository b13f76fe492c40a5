import { expect, test, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { tools } from '../../../tools/index.ts';
import { heldTools } from '../../support/held-calls.ts';
import { envelope, type JsonAnswer, requestJson } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { operatePeople } from '../../support/operate-people.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { bytesOf, refusalIn } from '../../support/refusal.ts';
import { startApp, startTwoTenants, type TestApp } from '../../support/start-app.ts';

type Held = { readonly key: string; readonly organization: string; readonly name: string };
type Door = (url: string, held: Held) => Promise<JsonAnswer>;

const mcp =
  (version: string, meta: object): Door =>
  (url, { key, organization, name }) =>
    requestJson(`${url}/mcp`, {
      key,
      headers: {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': version,
        ...(version > '2026' && { 'mcp-method': 'tools/call', 'mcp-name': 'hold' }),
        'x-organization-id': organization,
      },
      body: {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: 'hold',
          arguments: { name },
          ...(version > '2026' && { _meta: { ...envelope, ...meta } }),
        },
      },
    });

const doors: Readonly<Record<string, Door>> = {
  REST: (url, { key, organization, name }) =>
    requestJson(`${url}/v1/hold?name=${name}`, { key, headers: { 'x-organization-id': organization } }),
  'MCP 2026': mcp('2026-07-28', {}),
  // The lane leaves a request to the SDK that asks for log lines.
  'MCP 2026, logs': mcp('2026-07-28', { 'io.modelcontextprotocol/logLevel': 'info' }),
  'MCP 2025': mcp('2025-11-25', {}),
};

/** Two processes on one store: with the fast lane, and without. */
async function startHeld() {
  const held = heldTools();
  const options = {
    seed: false,
    tools: [...tools, ...held.tools],
    env: { ADMIN_TOKEN },
    config: { server: { fastLane: true } },
  };
  const app = await startTwoTenants(options);
  const other = await startApp({
    ...options,
    dataDir: app.dataDir,
    config: { server: { fastLane: false } },
  });
  return { ...app, held, other };
}

const DAY_MS = 86_400_000;

/** What makes a key, and what ends it while its call is under way. */
type Cause = {
  readonly make: (app: Awaited<ReturnType<typeof startHeld>>) => Promise<{
    readonly key: string;
    readonly organization: string;
    end(): Promise<unknown>;
  }>;
  readonly status: number;
  readonly code: string;
};

const causes: Readonly<Record<string, Cause>> = {
  'its key is revoked': {
    async make(app) {
      const manager = await app.mint(app.acme, { scopes: ['key:write'] });
      const { id, plaintext } = await app.mint(app.acme, { scopes: [] });
      const end = () => requestJson(`${app.url}/v1/keys/${id}`, { method: 'DELETE', key: manager.plaintext });
      return { key: plaintext, organization: app.acme.id, end };
    },
    status: 401,
    code: 'INVALID_TOKEN',
  },
  'its key is replaced without a grace': {
    async make(app) {
      const manager = await app.mint(app.acme, { scopes: ['key:write'] });
      const { id, plaintext } = await app.mint(app.acme, { scopes: [] });
      const body = { grace: '0' };
      const end = () => requestJson(`${app.url}/v1/keys/${id}/rotate`, { key: manager.plaintext, body });
      return { key: plaintext, organization: app.acme.id, end };
    },
    status: 401,
    code: 'INVALID_TOKEN',
  },
  'the owner of its key is deactivated': {
    async make(app) {
      const people = operatePeople(app, app.acme);
      const { userId } = await people.add({ name: 'Ada', email: null, role: 'member' });
      const { plaintext } = await app.mint(app.acme, { scopes: [], scopeType: 'user', userId });
      return {
        key: plaintext,
        organization: app.acme.id,
        end: () => people.change(userId, { active: false }),
      };
    },
    status: 401,
    code: 'INVALID_TOKEN',
  },
  'its organisation is suspended': {
    async make(app) {
      const tenant = await app.provision('Cedar');
      const path = `/admin/organizations/${tenant.id}/suspend`;
      return {
        key: tenant.defaultKey,
        organization: tenant.id,
        end: () => asOperator(app, path, { method: 'POST' }),
      };
    },
    status: 403,
    code: 'ORGANIZATION_SUSPENDED',
  },
  'its organisation is deleted': {
    async make(app) {
      const tenant = await app.provision('Dune');
      const path = `/admin/organizations/${tenant.id}`;
      return {
        key: tenant.defaultKey,
        organization: tenant.id,
        end: () => asOperator(app, path, { method: 'DELETE' }),
      };
    },
    status: 401,
    code: 'INVALID_TOKEN',
  },
  'its host key may act for the organisation no more': {
    async make(app) {
      const { id, plaintext } = await app.mintHost([app.acme, app.bolt], { scopes: [] });
      const path = `/admin/host-keys/${id}/grants/${app.bolt.id}`;
      const end = () => asOperator(app, path, { method: 'DELETE' });
      return { key: plaintext, organization: app.bolt.id, end };
    },
    status: 403,
    code: 'ORGANIZATION_MISMATCH',
  },
};

type Call = {
  readonly why: string;
  readonly cause: Cause;
  readonly end: () => Promise<unknown>;
  readonly protocol: string;
  readonly held: Held;
  readonly open: () => Promise<JsonAnswer>;
  readonly answer: Promise<JsonAnswer>;
};

const rowOf = async ({ audit }: Pick<TestApp, 'audit'>, { headers }: JsonAnswer) =>
  (await audit(500)).filter(({ requestId }) => requestId === headers.get('x-request-id'));

test('a call ends, answered as the next one, when what it was let in with ends, on every process', async () => {
  const app = await startHeld();
  const calls: Call[] = [];
  for (const [why, cause] of Object.entries(causes)) {
    const { end, ...caller } = await cause.make(app);
    for (const { url } of [app, app.other]) {
      for (const [protocol, door] of Object.entries(doors)) {
        const held: Held = { ...caller, name: `call${calls.length}` };
        calls.push({ why, cause, end, protocol, held, open: () => door(url, held), answer: door(url, held) });
      }
    }
  }
  const untouched = { key: app.bolt.defaultKey, organization: app.bolt.id, name: 'untouched' };
  const goesOn = doors.REST?.(app.url, untouched);
  await Promise.all([...calls.map(({ held }) => held.name), 'untouched'].map(app.held.entered));
  for (const end of new Set(calls.map((call) => call.end))) await end();
  for (const { why, cause, protocol, held, open, answer } of calls) {
    const ended = await answer;
    const shown = [why, protocol, ended.status, refusalIn(ended)?.code];
    expect(shown).toEqual([why, protocol, cause.status, cause.code]);
    expect(app.held.isEnded(held.name)).toBe(true);
    const next = await open();
    if (protocol === 'REST') expect(bytesOf(ended)).toEqual(bytesOf(next));
    else expect(ended.headers.get('www-authenticate')).toBe(next.headers.get('www-authenticate'));
    const row = { status: cause.status, errorCode: cause.code, tool: 'hold' };
    expect(await rowOf(app, ended)).toMatchObject([row]);
  }
  expect(app.held.isEnded('untouched')).toBe(false);
  app.held.release('untouched');
  expect(await goesOn).toMatchObject({ status: 200, body: { ended: true } });
});

test('a call ends when its key expires under way; one whose change is committed says what it did', async () => {
  const app = await startHeld();
  const scopes = ['key:write'];
  const { plaintext: key, prefix } = await app.mint(app.acme, { scopes, expiresInDays: 1 });
  const answer = requestJson(`${app.url}/v1/hold?name=ends`, { key });
  const body = { name: 'minted' };
  const minting = requestJson(`${app.url}/v1/mint-and-hold`, { key, body });
  await Promise.all(['ends', 'minted'].map(app.held.entered));
  app.advance(DAY_MS);
  expect(await answer).toMatchObject({ status: 401, body: { error: { code: 'INVALID_TOKEN' } } });
  app.held.release('minted');
  const minted = await minting;
  expect(minted).toMatchObject({ status: 200, body: { ended: true } });
  expect(await rowOf(app, minted)).toMatchObject([{ status: 200, errorCode: null, keyPrefix: prefix }]);
});

test('on stdio a call ends with its key, and the next message is refused the same', async () => {
  const app = await startHeld();
  const { id, plaintext } = await app.mint(app.acme, { scopes: [] });
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  const peer = serveLines(app, { apiKey: plaintext });
  await peer.handshake();
  const answer = peer.callTool('held', 'hold', { name: 'line' });
  await app.held.entered('line');
  await requestJson(`${app.url}/v1/keys/${id}`, { method: 'DELETE', key: manager.plaintext });
  expect((await answer).error).toMatchObject({ code: 40102, data: { code: 'INVALID_TOKEN' } });
  expect(app.held.isEnded('line')).toBe(true);
  expect((await peer.request('next', 'tools/list')).error.data.code).toBe('INVALID_TOKEN');
  const rows = (await app.audit(10)).filter(({ method, tool }) => method === 'stdio' && tool === 'hold');
  expect(rows).toMatchObject([{ status: 401, errorCode: 'INVALID_TOKEN' }]);
});

test('a store that leaves one look unanswered ends nothing; one that stays silent ends what nobody can vouch for', async () => {
  const app = await startHeld();
  const { keys } = app.services.store;
  const find = keys.find.bind(keys);
  const looks = { failed: 0, answered: 0, failing: 1 };
  const fail = () => {
    looks.failed += 1;
    return Promise.reject(new AppError('STORE_UNAVAILABLE'));
  };
  const ask = (name: string) => requestJson(`${app.url}/v1/hold?name=${name}`, { key: app.acme.defaultKey });
  const calls = ['one', 'two'].map(ask);
  await Promise.all(['one', 'two'].map(app.held.entered));
  keys.find = async (hash) => {
    if (looks.failed < looks.failing) return fail();
    looks.answered += 1;
    return find(hash);
  };
  await vi.waitUntil(() => looks.answered >= 2, { timeout: 60_000 });
  expect(['one', 'two'].map(app.held.isEnded)).toEqual([false, false]);
  looks.failing = Number.POSITIVE_INFINITY;
  for (const call of calls) expect(await call).toMatchObject({ status: 503 });
  keys.find = find;
});
