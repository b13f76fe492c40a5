import { expect, test } from 'vitest';
import { operatorRow } from '../../../src/audit/operator-row.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

async function startWithManagers() {
  const app = await startTwoTenants({ seed: false });
  const scopes = ['key:read', 'key:write', 'agent:read'];
  const ofAcme = await app.mint(app.acme, { scopes });
  const ofBolt = await app.mint(app.bolt, { scopes });
  return { ...app, ofAcme, ofBolt };
}

const revoke = (app: TestApp, key: string, id: string) =>
  requestJson(`${app.url}/v1/keys/${id}`, { method: 'DELETE', key });

test('a revoked key is refused on its next request', async () => {
  const app = await startWithManagers();
  const doomed = await app.mint(app.acme, { scopes: [] });
  expect((await callTool(app.url, doomed.plaintext, 'whoami')).status).toBe(200);
  const revoked = await revoke(app, app.ofAcme.plaintext, doomed.id);
  expect(revoked.body.key).toMatchObject({ status: 'revoked', revoked_by: app.ofAcme.prefix });
  expect((await callTool(app.url, doomed.plaintext, 'whoami')).status).toBe(401);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({
    errorCode: 'INVALID_TOKEN',
    keyPrefix: doomed.prefix,
    organizationId: app.acme.id,
  });
  expect(JSON.parse(row?.change ?? '')).toEqual({ reason: 'revoked' });
});

test('revoking again changes nothing and answers the same', async () => {
  const app = await startWithManagers();
  const doomed = await app.mint(app.acme, { scopes: [] });
  const first = await revoke(app, app.ofAcme.plaintext, doomed.id);
  app.advance(5000);
  const second = await revoke(app, app.ofAcme.plaintext, doomed.id);
  expect(second.status).toBe(200);
  expect(second.text).toBe(first.text);
});

test('revoking answers the live keys that the key had created', async () => {
  const app = await startWithManagers();
  const parent = await app.mint(app.acme, { scopes: ['key:write'] });
  const mint = (name: string) =>
    requestJson(`${app.url}/v1/keys`, {
      key: parent.plaintext,
      body: { scope_type: 'global', name, scopes: [] },
    });
  const [live, dead] = [await mint('live'), await mint('dead')];
  await revoke(app, app.ofAcme.plaintext, dead.body.key.id);
  const answer = await revoke(app, app.ofAcme.plaintext, parent.id);
  expect(answer.body.created_keys.map(({ id }: { id: string }) => id)).toEqual([live.body.key.id]);
  expect((await callTool(app.url, live.body.auth_token, 'whoami')).status).toBe(200);
});

test('a foreign key, an unknown one and garbage are answered with the same bytes, and stay as they are', async () => {
  const app = await startWithManagers();
  const victim = await app.mint(app.bolt, { scopes: [] });
  for (const method of ['GET', 'DELETE']) {
    const texts = new Set<string>();
    for (const id of [victim.id, 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'garbage', '%00', '__proto__']) {
      const answer = await requestJson(`${app.url}/v1/keys/${id}`, { method, key: app.ofAcme.plaintext });
      expect(answer.status).toBe(404);
      texts.add(answer.text.replace(answer.body.error.request_id, ''));
    }
    expect(texts.size).toBe(1);
  }
  expect((await callTool(app.url, victim.plaintext, 'whoami')).status).toBe(200);
});

test('each change of a missing key leaves its one row', async () => {
  const app = await startWithManagers();
  const victim = await app.mint(app.bolt, { scopes: [] });
  const changes = [
    ['DELETE', `/v1/keys/${victim.id}`, undefined],
    ['PATCH', `/v1/keys/${victim.id}`, { name: 'taken over' }],
    ['POST', `/v1/keys/${victim.id}/rotate`, {}],
    ['DELETE', `/org/tokens/${victim.id}`, undefined],
  ] as const;
  for (const [method, path, body] of changes) {
    const answer = await requestJson(app.url + path, { method, key: app.ofAcme.plaintext, body });
    const { code, request_id } = answer.body.error;
    expect(code).toBe('KEY_NOT_FOUND');
    const [row] = await app.audit(1);
    expect(row, `${method} ${path}`).toMatchObject({ requestId: request_id, errorCode: 'KEY_NOT_FOUND' });
  }
});

test('a key lists the keys of its own organisation only, newest first, in pages', async () => {
  const app = await startWithManagers();
  const minted: string[] = [];
  for (let index = 0; index < 5; index += 1) minted.unshift((await app.mint(app.acme, { scopes: [] })).id);
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await requestJson(`${app.url}/v1/keys?limit=2${cursor}`, { key: app.ofAcme.plaintext });
    expect(
      page.body.keys.every((key: { organization_id: string }) => key.organization_id === app.acme.id),
    ).toBe(true);
    seen.push(...page.body.keys.map(({ id }: { id: string }) => id));
    cursor = page.body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.body.next_cursor)}`;
  } while (cursor !== '');
  expect(seen).toHaveLength(7);
  expect(seen.slice(0, 5)).toEqual(minted);
});

test('keys are found by their state', async () => {
  const app = await startWithManagers();
  const revoked = await app.mint(app.acme, { scopes: [] });
  const expired = await app.mint(app.acme, { scopes: [], expiresInDays: 1 });
  await revoke(app, app.ofAcme.plaintext, revoked.id);
  app.advance(2 * 86_400_000);
  const ids = async (status: string) => {
    const { body } = await requestJson(`${app.url}/v1/keys?status=${status}`, { key: app.ofAcme.plaintext });
    return body.keys.map(({ id }: { id: string }) => id);
  };
  expect(await ids('revoked')).toEqual([revoked.id]);
  expect(await ids('expired')).toEqual([expired.id]);
  expect(await ids('active')).toHaveLength(2);
  expect((await callTool(app.url, expired.plaintext, 'whoami')).status).toBe(401);
});

test('a key that dies between the gate and the commit leaves nothing behind', async () => {
  const app = await startWithManagers();
  const dying = await app.mint(app.acme, { scopes: ['key:write'] });
  const { keys } = app.services.store;
  const find = keys.find.bind(keys);
  // The race itself: the key is revoked right after the gate has read it.
  keys.find = async (hash) => {
    const found = await find(hash);
    if (found?.key.id === dying.id) {
      const revocation = () => ({ revokedAtMs: app.now(), revokedBy: 'test' });
      await keys.change({ keyspace: app.acme.id, keyId: dying.id }, null, revocation, ({ organizationId }) =>
        operatorRow({ tier: 'cli', target: 'keys revoke', organizationId, nowMs: app.now() }),
      );
    }
    return found;
  };
  const answer = await requestJson(`${app.url}/v1/keys`, {
    key: dying.plaintext,
    body: { scope_type: 'global', name: 'late', scopes: [] },
  });
  expect([answer.status, answer.body.error.code]).toEqual([401, 'INVALID_TOKEN']);
  const listed = await requestJson(`${app.url}/v1/keys`, { key: app.ofAcme.plaintext });
  expect(listed.body.keys.map(({ name }: { name: string }) => name)).not.toContain('late');
});

test("the organisation's own surface mints, lists and revokes its tokens", async () => {
  const app = await startWithManagers();
  const key = app.ofAcme.plaintext;
  const made = await requestJson(`${app.url}/org/tokens`, { key, body: { name: 'ci' } });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ name: 'ci', scope_type: 'global', scope_source: 'canonical' });
  expect(made.body.auth_token.startsWith(made.body.prefix)).toBe(true);
  expect((await callTool(app.url, made.body.auth_token, 'whoami')).status).toBe(200);
  const listed = await requestJson(`${app.url}/org/tokens`, { key });
  expect(listed.body.tokens[0]).toMatchObject({ id: made.body.id });
  expect(listed.text).not.toContain(made.body.auth_token);
  const foreign = await requestJson(`${app.url}/org/tokens/${made.body.id}`, {
    method: 'DELETE',
    key: app.ofBolt.plaintext,
  });
  expect(foreign.status).toBe(404);
  const gone = await requestJson(`${app.url}/org/tokens/${made.body.id}`, { method: 'DELETE', key });
  expect(gone.body.status).toBe('revoked');
  expect((await callTool(app.url, made.body.auth_token, 'whoami')).status).toBe(401);
});

test('last use is written on the side, at most once a minute', async () => {
  const app = await startWithManagers();
  const show = async () =>
    (await requestJson(`${app.url}/v1/keys/${app.ofAcme.id}`, { key: app.ofAcme.plaintext })).body.key;
  expect((await show()).last_used_at).toBe(null);
  await app.services.keyUses.flush();
  expect(Date.parse((await show()).last_used_at)).toBeGreaterThan(Date.now() - 60_000);
});
