import { expect, test } from 'vitest';
import type { MintRequest } from '../../../src/keys/policy/mint-request.ts';
import { isoTime } from '../../../src/time.ts';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { operatePeople } from '../../support/operate-people.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;
const scopes = ['key:read', 'key:write'];
const codeOf = (answer: JsonAnswer) => [answer.status, refusalIn(answer)?.code];

/** Acme, and what a key does with keys. */
async function startWithKeys() {
  const app = await startTwoTenants({ seed: false });
  const { acme, url } = app;
  const minter = async (request: Partial<MintRequest> = {}) => {
    const key = await app.mint(acme, { scopes, ...request });
    const post = (path: string, body: object) =>
      requestJson(url + path, { method: 'POST', key: key.plaintext, body });
    return {
      ...key,
      endsAt: key.expiresAtMs === null ? null : isoTime(key.expiresAtMs),
      mint: (body: object = {}) => post('/v1/keys', { scope_type: 'global', name: 'x', ...body }),
      token: () => post('/org/tokens', { name: 'x' }),
      rotate: (id: string, body: object = {}) => post(`/v1/keys/${id}/rotate`, body),
      revoke: (id: string) => requestJson(`${url}/v1/keys/${id}`, { method: 'DELETE', key: key.plaintext }),
      update: (id: string, body: object) =>
        requestJson(`${url}/v1/keys/${id}`, { method: 'PATCH', key: key.plaintext, body }),
    };
  };
  return { ...app, minter };
}

test('a life beyond that of the key that mints is refused, and the latest end is named', async () => {
  const app = await startWithKeys();
  const day = await app.minter({ expiresInDays: 1 });
  const week = await app.minter({ expiresInDays: 7 });
  for (const [maker, days] of [
    [day, 'never'],
    [day, 1],
    [week, 'never'],
    [week, 7],
    [week, 3650],
  ] as const) {
    const answer = await maker.mint({ expires_in_days: days });
    expect(codeOf(answer)).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.error.message).toContain(
      `expires_in_days: expected ${maker === day ? 'none' : 'at most 6'}`,
    );
    expect(answer.body.error.message).toContain(maker.endsAt);
    expect(answer.body.error.latest_expires_at).toBe(maker.endsAt);
  }
  const onMcp = await callTool(app.url, week.plaintext, 'mint_key', {
    scope_type: 'global',
    name: 'x',
    expires_in_days: 'never',
  });
  expect(codeOf(onMcp)).toEqual([200, 'VALIDATION_ERROR']);
  expect((await week.mint({ expires_in_days: 6 })).status).toBe(201);
});

test('nothing said is as long as may be, in each way to make a key, and so for an heir’s heir', async () => {
  const app = await startWithKeys();
  const maker = await app.minter({ expiresInDays: 7 });
  const forEver = await app.minter({ expiresInDays: 'never' });
  const other = await app.mint(app.acme, { scopes: [], expiresInDays: 'never' });
  const bounded = await app.mint(app.acme, { scopes: [], expiresInDays: 30 });
  const { userId } = await operatePeople(app, app.acme).add({ name: 'Ada', email: null, role: 'admin' });
  const ada = await app.minter({ scopeType: 'user', userId, expiresInDays: 3 });
  const mcp = await callTool(app.url, maker.plaintext, 'mint_key', { scope_type: 'global', name: 'x' });
  const shown = [
    await maker.mint(),
    await maker.mint({ scopes: [] }),
    await maker.mint({ scope_type: 'user', user_id: userId }),
    await maker.token(),
    // A caller who replaces another key gets its successor.
    await maker.rotate(other.id),
    await maker.rotate(bounded.id),
  ].map(({ body }) => (body.key ?? body).expires_at);
  shown.push(mcp.body.result.structuredContent.key.expires_at);
  expect(shown).toEqual(Array(7).fill(maker.endsAt));
  expect((await ada.mint({ scope_type: 'user' })).body.key.expires_at).toBe(ada.endsAt);
  const heir = (await maker.mint({ scopes, expires_in_days: 2 })).body;
  const second = await requestJson(`${app.url}/v1/keys`, {
    key: heir.auth_token,
    body: { scope_type: 'global', name: 'x' },
  });
  expect(second.body.key.expires_at).toBe(heir.key.expires_at);
  expect((await forEver.mint({ expires_in_days: 'never' })).body.key.expires_at).toBeNull();
});

test('a key that replaces itself is renewed; the operator is bounded by no key', async () => {
  const app = await startWithKeys();
  const maker = await app.minter({ expiresInDays: 7 });
  app.advance(3 * DAY_MS);
  const own = await maker.rotate(maker.id);
  expect(Date.parse(own.body.key.expires_at) - app.now()).toBeGreaterThan(6.9 * DAY_MS);
  expect((await app.mint(app.acme, { expiresInDays: 'never' })).expiresAtMs).toBeNull();
});

test('an heir lives on when the key that made it is revoked, and is named then', async () => {
  const app = await startWithKeys();
  const [maker, manager] = [await app.minter(), await app.minter()];
  const { key, auth_token } = (await maker.mint()).body;
  expect((await manager.revoke(maker.id)).body.created_keys).toMatchObject([{ id: key.id }]);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: auth_token })).status).toBe(200);
});

test('a key in its grace works on, and neither mints, rotates, changes nor revokes keys', async () => {
  const app = await startWithKeys();
  const [old, manager] = [await app.minter(), await app.minter()];
  const other = await app.mint(app.acme, { scopes: [] });
  const { key: successor } = (await manager.rotate(old.id)).body;
  const attempts = () =>
    Promise.all([
      old.mint(),
      old.mint({ scopes: [], expires_in_days: 'never' }),
      old.token(),
      old.rotate(other.id),
      old.rotate(old.id),
      old.rotate(successor.id),
      old.update(other.id, { name: 'y' }),
      old.revoke(successor.id),
      old.revoke(old.id),
      callTool(app.url, old.plaintext, 'revoke_key', { key_id: successor.id }),
    ]);
  const before = (await app.audit()).length;
  for (const answer of await attempts()) {
    expect(refusalIn(answer)).toMatchObject({ code: 'FORBIDDEN', replaced_by: successor.prefix });
    expect(refusalIn(answer).message ?? answer.text).toContain(successor.prefix);
  }
  const rows = (await app.audit()).slice(0, -before);
  expect(rows.map(({ errorCode, keyPrefix }) => [errorCode, keyPrefix])).toEqual(
    Array(10).fill(['FORBIDDEN', old.prefix]),
  );
  const peer = serveLines(app, { apiKey: old.plaintext });
  await peer.handshake();
  const line = await peer.callTool('1', 'revoke_key', { key_id: successor.id });
  expect(line.result).toMatchObject({ isError: true, _meta: { 'tenantry/error': { code: 'FORBIDDEN' } } });
  expect((await requestJson(`${app.url}/v1/keys`, { key: old.plaintext })).status).toBe(200);
  // The replacement revoked, the old key is another one's to replace.
  expect((await manager.revoke(successor.id)).status).toBe(200);
  for (const answer of await attempts()) expect(refusalIn(answer).code).toBe('FORBIDDEN');
  expect((await manager.rotate(old.id)).status).toBe(201);
});

test('a grace of nothing revokes, in the rotation’s own transaction', async () => {
  const app = await startWithKeys();
  const [old, manager] = [await app.minter(), await app.minter()];
  const rotated = await manager.rotate(old.id, { grace: '0' });
  expect(rotated.status).toBe(201);
  const shown = await requestJson(`${app.url}/v1/keys/${old.id}`, { key: manager.plaintext });
  const { created_at: at } = rotated.body.key;
  const ended = { status: 'revoked', revoked_at: at, grace_until: at, revoked_by: manager.prefix };
  expect(shown.body.key).toMatchObject(ended);
  const rows = await app.audit(10);
  const [row] = rows.filter(({ tool }) => tool === 'rotate_key');
  expect(JSON.parse(row?.change ?? '')).toMatchObject({ rotated: old.id, revoked: old.id });
  const again = await manager.rotate(old.id);
  expect(codeOf(again)).toEqual([409, 'KEY_NOT_ROTATABLE']);
  // A key that ends itself so is answered all the same.
  const self = await manager.rotate(manager.id, { grace: '0' });
  expect(self.status).toBe(201);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: manager.plaintext })).status).toBe(401);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: self.body.auth_token })).status).toBe(200);
});

test('restrictions pass on to heirs, by each way to make a key', async () => {
  const app = await startWithKeys();
  const restrictions = { tools: ['mint_key', 'rotate_key', 'create_org_token', 'whoami'] };
  const maker = await app.minter({ restrictions });
  const free = await app.mint(app.acme, { scopes: [] });
  const made = [await maker.mint(), await maker.token(), await maker.rotate(maker.id)];
  for (const { body } of made) expect((body.key ?? body).restrictions).toEqual(restrictions);
  const { auth_token } = made[2]?.body ?? {};
  const wider = await requestJson(`${app.url}/v1/keys/${free.id}/rotate`, { key: auth_token, body: {} });
  expect(codeOf(wider)).toEqual([403, 'SCOPE_ESCALATION']);
});
