import { expect, test } from 'vitest';
import { defaultCanonicalScopes } from '../../../src/scopes/scopes.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const canon = [...defaultCanonicalScopes];

async function startWithManager() {
  const app = await startTwoTenants({ seed: false });
  const manager = await app.mint(app.acme, {
    scopes: ['key:read', 'key:write', 'study:write'],
    expiresInDays: 'never',
  });
  const rotate = (id: string, body: object = {}, key = manager.plaintext) =>
    requestJson(`${app.url}/v1/keys/${id}/rotate`, { key, body });
  return { ...app, manager, rotate };
}

const whoami = (app: TestApp, key: string) => requestJson(`${app.url}/v1/whoami`, { key });
const changeCanon = (app: TestApp, scopes: string[]) =>
  app.services.store.organizations.ensureCanonicalSet(scopes, app.now());

test('a rotated key works beside its replacement until its grace is over, and not a moment longer', async () => {
  const app = await startWithManager();
  const old = await app.mint(app.acme, {
    scopes: ['agent:read'],
    name: 'ci',
    owner: 'ops',
    purpose: 'builds',
  });
  await requestJson(`${app.url}/v1/whoami`, { key: old.plaintext, headers: { 'user-agent': 'builder/7' } });
  const usedBy = app.now();
  const { status, body } = await app.rotate(old.id, { grace: '1h' });
  expect(status).toBe(201);
  expect(body.key).toMatchObject({
    name: 'ci',
    owner: 'ops',
    purpose: 'builds',
    replaces: old.id,
    is_default: false,
  });
  expect(body.key).toMatchObject({
    scopes: ['agent:read'],
    scope_source: 'explicit',
    created_by: app.manager.prefix,
  });
  expect(body.replaced).toMatchObject({ key_id: old.id, prefix: old.prefix, last_client: 'builder/7' });
  expect(Date.parse(body.replaced.last_used_at)).toBeLessThanOrEqual(usedBy);
  expect((await whoami(app, body.auth_token)).status).toBe(200);
  expect((await whoami(app, old.plaintext)).status).toBe(200);
  app.advance(Date.parse(body.replaced.grace_until) - app.now() - 200);
  expect((await whoami(app, old.plaintext)).status).toBe(200);
  app.advance(200);
  expect((await whoami(app, old.plaintext)).status).toBe(401);
  expect((await whoami(app, body.auth_token)).status).toBe(200);
  const shown = await requestJson(`${app.url}/v1/keys/${old.id}`, { key: app.manager.plaintext });
  expect(shown.body.key).toMatchObject({ status: 'expired', replaced_by: body.key.id });
});

test('grace is 24 hours unless said, can be nothing, and never passes the key’s own expiry', async () => {
  const app = await startWithManager();
  const grace = async (expiresInDays: number, body: object) => {
    const old = await app.mint(app.acme, { scopes: [], expiresInDays });
    const answer = await app.rotate(old.id, body);
    return Math.abs(Math.round((Date.parse(answer.body.replaced.grace_until) - app.now()) / HOUR_MS));
  };
  expect(await grace(30, {})).toBe(24);
  expect(await grace(30, { grace: '7d' })).toBe(168);
  expect(await grace(2, { grace: '7d' })).toBe(48);
  expect(await grace(30, { grace: '0' })).toBe(0);
  const answer = await app.rotate(app.manager.id, { grace: '2h' });
  expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
});

test('of a hundred rotations at once one succeeds', async () => {
  const app = await startWithManager();
  const old = await app.mint(app.acme, { scopes: [] });
  const answers = await Promise.all(Array.from({ length: 100 }, () => app.rotate(old.id)));
  const codes = answers.map(({ status, body }) => (status === 201 ? 'done' : body.error.code));
  expect(codes.filter((code) => code === 'done')).toHaveLength(1);
  expect(codes.filter((code) => code === 'ROTATION_IN_PROGRESS')).toHaveLength(99);
  const live = await requestJson(`${app.url}/v1/keys?limit=100`, { key: app.manager.plaintext });
  expect(live.body.keys.filter((key: { replaces: string }) => key.replaces === old.id)).toHaveLength(1);
});

test('a rotation is open while the old key lives beside its replacement', async () => {
  const app = await startWithManager();
  const old = await app.mint(app.acme, { scopes: [] });
  const first = await app.rotate(old.id);
  const code = async (id: string) => {
    const answer = await app.rotate(id);
    return answer.status === 201 ? 'done' : `${answer.status} ${answer.body.error.code}`;
  };
  expect(await code(first.body.key.id)).toBe('409 ROTATION_IN_PROGRESS');
  app.advance(DAY_MS);
  expect(await code(old.id)).toBe('409 KEY_NOT_ROTATABLE');
  expect(await code(first.body.key.id)).toBe('done');
  const revoked = await app.mint(app.acme, { scopes: [] });
  await requestJson(`${app.url}/v1/keys/${revoked.id}`, { method: 'DELETE', key: app.manager.plaintext });
  expect(await code(revoked.id)).toBe('409 KEY_NOT_ROTATABLE');
  expect(await code('key_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe('404 KEY_NOT_FOUND');
});

test('revoking the replacement neither revives nor ends the old key, which may be rotated again', async () => {
  const app = await startWithManager();
  const old = await app.mint(app.acme, { scopes: [] });
  const first = await app.rotate(old.id, { grace: '1h' });
  await requestJson(`${app.url}/v1/keys/${first.body.key.id}`, {
    method: 'DELETE',
    key: app.manager.plaintext,
  });
  expect((await whoami(app, old.plaintext)).status).toBe(200);
  expect((await whoami(app, first.body.auth_token)).status).toBe(401);
  const second = await app.rotate(old.id, { grace: '7d' });
  expect(second.status).toBe(201);
  expect(second.body.replaced.grace_until).toBe(first.body.replaced.grace_until);
});

test('a canonical key gets the canon of now, with its extras; an explicit one exactly its scopes', async () => {
  const app = await startWithManager();
  const plain = await app.mint(app.acme);
  const extra = await app.mint(app.acme, { additionalScopes: ['study:write'] });
  const explicit = await app.mint(app.acme, { scopes: ['agent:read'] });
  await changeCanon(app, [...canon, 'billing:read']);
  const scopesOf = async (id: string) => (await app.rotate(id)).body.key;
  expect(await scopesOf(plain.id)).toMatchObject({
    scopes: [...canon, 'billing:read'],
    canonical_version: 2,
  });
  expect(await scopesOf(extra.id)).toMatchObject({
    scopes: [...canon, 'billing:read', 'study:write'],
    scope_source: 'canonical+extra',
  });
  expect(await scopesOf(explicit.id)).toMatchObject({ scopes: ['agent:read'], scope_source: 'explicit' });
});

test('scopes are never lost without saying so', async () => {
  const app = await startWithManager();
  const plain = await app.mint(app.acme);
  await changeCanon(app, canon.slice(0, 3));
  const refused = await app.rotate(plain.id);
  expect([refused.status, refused.body.error]).toMatchObject([
    409,
    { code: 'SCOPES_WOULD_DROP', dropped: ['job:read', 'agent:search'] },
  ]);
  expect((await whoami(app, plain.plaintext)).body.scopes).toEqual(canon);
  const accepted = await app.rotate(plain.id, { drop_scopes: true });
  expect(accepted.body.key.scopes).toEqual(canon.slice(0, 3));
});

test('scopes can be narrowed on purpose, and never widened', async () => {
  const app = await startWithManager();
  const plain = await app.mint(app.acme);
  const wider = await app.rotate(plain.id, { scopes: ['agent:read', 'study:write'] });
  expect([wider.status, wider.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  const narrow = await app.rotate(plain.id, { scopes: ['agent:read'] });
  expect(narrow.body.key).toMatchObject({
    scopes: ['agent:read'],
    scope_source: 'explicit',
    canonical_version: null,
  });
});

test('nobody rotates their way to authority that they lack', async () => {
  const app = await startWithManager();
  const wide = await app.mint(app.acme, { scopes: ['billing:write'] });
  const refused = await app.rotate(wide.id);
  expect([refused.status, refused.body.error.code]).toEqual([403, 'SCOPE_ESCALATION']);
  const restrictions = { tools: ['rotate_key'] };
  const restricted = await app.mint(app.acme, { scopes: ['key:write'], restrictions });
  const free = await app.mint(app.acme, { scopes: [] });
  expect((await app.rotate(free.id, {}, restricted.plaintext)).body.error.code).toBe('SCOPE_ESCALATION');
  const own = await app.rotate(restricted.id, {}, restricted.plaintext);
  expect(own.body.key.restrictions).toEqual(restrictions);
  const foreign = await app.mint(app.bolt, { scopes: [] });
  expect((await app.rotate(foreign.id)).body.error.code).toBe('KEY_NOT_FOUND');
  expect((await whoami(app, foreign.plaintext)).status).toBe(200);
});

test('the default key hands its place on, and a key without an end is replaced by one', async () => {
  const app = await startWithManager();
  const { body } = await requestJson(`${app.url}/v1/keys?limit=100`, { key: app.manager.plaintext });
  const defaultKey = body.keys.find((key: { is_default: boolean }) => key.is_default);
  const rotated = await app.rotate(defaultKey.id);
  expect(rotated.body.key).toMatchObject({ is_default: true, expires_at: null });
  const bounded = await app.mint(app.acme, { scopes: [], expiresInDays: 1000 });
  const short = await app.mint(app.acme, { scopes: [], expiresInDays: 7 });
  const days = async (id: string) => {
    const { key } = (await app.rotate(id)).body;
    return (Date.parse(key.expires_at) - Date.parse(key.created_at)) / DAY_MS;
  };
  expect([await days(bounded.id), await days(short.id)]).toEqual([90, 7]);
});

test('a client that loops while its key is rotated loses no call', async () => {
  const app = await startWithManager();
  const old = await app.mint(app.acme, { scopes: [] });
  let key = old.plaintext;
  const statuses: number[] = [];
  const loop = async () => {
    for (let count = 0; count < 60; count += 1)
      statuses.push((await callTool(app.url, key, 'whoami')).status);
  };
  const running = loop();
  const { body } = await app.rotate(old.id);
  key = body.auth_token;
  await running;
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('a key changes in place what is harmless, narrows, and never widens', async () => {
  const app = await startWithManager();
  const key = await app.mint(app.acme, {
    scopes: [],
    expiresInDays: 30,
    restrictions: { tools: ['whoami', 'get_job'] },
  });
  const patch = (body: object) =>
    requestJson(`${app.url}/v1/keys/${key.id}`, { method: 'PATCH', key: app.manager.plaintext, body });
  const done = await patch({ name: 'renamed', owner: 'new team', purpose: 'reports', expires_in_days: 7 });
  expect(done.body.key).toMatchObject({ name: 'renamed', owner: 'new team', purpose: 'reports', scopes: [] });
  expect(Date.parse(done.body.key.expires_at)).toBeLessThan(app.now() + 7 * DAY_MS + 1);
  expect((await patch({ restrictions: { tools: ['whoami'] } })).body.key.restrictions).toEqual({
    tools: ['whoami'],
  });
  for (const body of [
    {},
    { expires_in_days: 8 },
    { restrictions: { tools: ['get_job'] } },
    { scopes: ['agent:read'] },
    { is_default: true },
    { revoked_at: null },
  ]) {
    const answer = await patch(body);
    expect([body, answer.status, answer.body.error.code]).toEqual([body, 400, 'VALIDATION_ERROR']);
  }
  const [row] = (await app.audit()).filter(({ tool }) => tool === 'update_key').slice(-1);
  expect(JSON.parse(row?.change ?? '')).toMatchObject({ updated: key.id, owner: 'new team' });
});
