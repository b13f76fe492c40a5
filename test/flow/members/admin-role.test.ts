import { expect, test } from 'vitest';
import { callTool, requestJson } from '../../support/http.ts';
import { operatePeople } from '../../support/operate-people.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const scopes = ['key:read', 'key:write', 'member:read', 'member:write'];

/** Acme, its people in the operator's hands, and a key of each kind that holds `member:write`. */
async function startWithPeople() {
  const config = { permissions: { searching: ['agent:search'] } };
  const app = await startTwoTenants({ seed: false, config, env: { ADMIN_TOKEN } });
  const people = operatePeople(app, app.acme);
  const add = async (name: string, role: 'admin' | 'member') =>
    (await people.add({ name, email: null, role })).userId;
  const [root, ada] = [await add('Root', 'admin'), await add('Ada', 'member')];
  const manager = await app.mint(app.acme, { scopes });
  const byRoot = await app.mint(app.acme, { scopes, scopeType: 'user', userId: root });
  const send = (key: string, method: string, path: string, body?: object) =>
    requestJson(`${app.url}/v1/${path}`, { method, key, ...(body && { body }) });
  return { ...app, people, root, ada, manager, byRoot, send };
}

test('member:write makes no admin: not by adding, not by changing, not by bringing one back', async () => {
  const app = await startWithPeople();
  const { ada, root, manager, send } = app;
  const refused = async (method: string, path: string, body: object) => {
    const answer = await send(manager.plaintext, method, path, body);
    expect([body, answer.status, refusalIn(answer)?.code]).toEqual([body, 403, 'FORBIDDEN']);
    expect(answer.body.error.message).toContain('the operator');
    const [row] = await app.audit(1);
    expect(row).toMatchObject({ errorCode: 'FORBIDDEN', keyPrefix: manager.prefix });
  };
  await refused('POST', 'members', { name: 'Eve', role: 'admin' });
  await refused('PATCH', `members/${ada}`, { role: 'admin' });
  await refused('PATCH', `members/${ada}`, { role: 'admin', active: false });
  await app.people.change(root, { active: false });
  await refused('PATCH', `members/${root}`, { active: true });
  await refused('PATCH', `members/${root}`, { role: 'admin', active: true });
  const { members } = (await send(manager.plaintext, 'GET', 'members')).body;
  expect(members.map((each: { name: string; role: string }) => [each.name, each.role]).sort()).toEqual([
    ['Ada', 'member'],
    ['Root', 'admin'],
  ]);
  // The scope alone allows each change that makes nobody an admin.
  expect((await send(manager.plaintext, 'PATCH', `members/${root}`, { role: 'member' })).status).toBe(200);
  expect((await send(manager.plaintext, 'PATCH', `members/${root}`, { active: true })).status).toBe(200);
  expect((await send(manager.plaintext, 'POST', 'members', { name: 'Bob' })).status).toBe(201);
});

test('an admin’s own key and the operator make admins, as long as the key is not being replaced', async () => {
  const app = await startWithPeople();
  const { ada, byRoot, send } = app;
  const role = { role: 'admin' };
  expect((await send(byRoot.plaintext, 'PATCH', `members/${ada}`, role)).body.member).toMatchObject(role);
  expect((await send(byRoot.plaintext, 'POST', 'members', { name: 'New', ...role })).status).toBe(201);
  const organizationId = app.acme.id;
  const person = { name: 'Op', ...role };
  expect((await asOperator(app, '/v1/members', { organizationId, body: person })).status).toBe(201);
  const { auth_token } = (await send(byRoot.plaintext, 'POST', `keys/${byRoot.id}/rotate`, {})).body;
  const late = await send(byRoot.plaintext, 'POST', 'members', { name: 'Late', ...role });
  expect([late.status, refusalIn(late)?.code]).toEqual([403, 'FORBIDDEN']);
  expect((await send(auth_token, 'POST', 'members', { name: 'Late', ...role })).status).toBe(201);
});

test('a group wakes up scopes of data alone, and those only that the key was given by who may give them', async () => {
  const app = await startWithPeople();
  const { ada, manager, send } = app;
  const stored = ['agent:search', 'key:write', 'member:write', 'audit:read'];
  const own = await app.mint(app.acme, { scopes: stored, scopeType: 'user', userId: ada });
  const permissions = ['searching', '*', 'admin', 'key:write'];
  const { group } = (await send(manager.plaintext, 'POST', 'groups', { name: 'all', permissions })).body;
  await send(manager.plaintext, 'POST', `groups/${group.group_id}/members`, { user_id: ada });
  expect((await send(own.plaintext, 'GET', 'whoami')).body.scopes).toEqual(['agent:search']);
});

test('key:read shows the keys that one may manage: an admin’s all, a person’s own, else the key that asks', async () => {
  const app = await startWithPeople();
  const { manager, send, byRoot } = app;
  const reader = await app.mint(app.acme, { scopes: ['key:read'] });
  const listed = async (key: string, path = 'v1/keys?limit=100') => {
    const { body } = await requestJson(`${app.url}/${path}`, { key });
    return (body.keys ?? body.tokens).map(({ id }: { id: string }) => id);
  };
  for (const path of ['v1/keys', 'v1/keys?scope_type=global', 'org/tokens', 'v1/keys?limit=1']) {
    expect([path, await listed(reader.plaintext, path)]).toEqual([path, [reader.id]]);
  }
  expect(await listed(reader.plaintext, `v1/keys?user_id=${app.root}`)).toEqual([]);
  const onMcp = await callTool(app.url, reader.plaintext, 'list_keys');
  expect(onMcp.body.result.structuredContent.keys).toMatchObject([{ id: reader.id }]);
  expect((await send(reader.plaintext, 'GET', `keys/${reader.id}`)).body.key.id).toBe(reader.id);
  for (const { id } of [manager, byRoot]) {
    expect(refusalIn(await send(reader.plaintext, 'GET', `keys/${id}`))?.code).toBe('KEY_NOT_FOUND');
  }
  app.advance(100 * 86_400_000);
  const again = await app.mint(app.acme, { scopes: ['key:read'] });
  const admin = await app.mint(app.acme, { scopes });
  const found = async (key: string) =>
    (await send(key, 'GET', 'keys/review')).body.findings.map(
      (each: { key_id: string | null }) => each.key_id,
    );
  expect(new Set(await found(again.plaintext)).size).toBeLessThanOrEqual(1);
  expect(await found(again.plaintext)).not.toContain(manager.id);
  expect(await found(admin.plaintext)).toContain(manager.id);
  expect(await listed(admin.plaintext)).toContain(manager.id);
});
