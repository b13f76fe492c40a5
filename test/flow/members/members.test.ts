import { expect, test } from 'vitest';
import { operatorRow } from '../../../src/audit/operator-row.ts';
import { callTool, rpc } from '../../support/http.ts';
import { addMember, createGroup, startWithManagers } from '../../support/member-managers.ts';

const unknownUser = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const unknownGroup = 'grp_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('a person is added, shown, changed and removed', async () => {
  const { acmeSends } = await startWithManagers();
  const added = await acmeSends('POST', 'members', { name: ' Ada ', email: 'Ada@Example.org' });
  expect(added.status).toBe(201);
  const { member } = added.body;
  expect(member).toEqual({
    user_id: expect.stringMatching(/^usr_[0-9A-Z]{26}$/),
    name: 'Ada',
    email: 'ada@example.org',
    role: 'member',
    active: true,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  const path = `members/${member.user_id}`;
  expect((await acmeSends('GET', path)).body).toEqual({ member });
  const same = await acmeSends('PATCH', path, { role: 'member' });
  expect([same.status, same.body.member]).toEqual([200, member]);
  const inactive = await acmeSends('PATCH', path, { active: false });
  expect(inactive.body.member).toEqual({ ...member, active: false });
  expect((await acmeSends('GET', path)).body).toEqual(inactive.body);
  const removed = await acmeSends('DELETE', path);
  expect([removed.status, removed.body]).toEqual([200, inactive.body]);
  for (const method of ['GET', 'DELETE']) expect((await acmeSends(method, path)).status).toBe(404);
  expect((await acmeSends('GET', 'members')).body).toEqual({ members: [], next_cursor: null });
});

test('a group is made, renamed, given permissions and people, and deleted', async () => {
  const { acmeSends } = await startWithManagers();
  const ada = (await addMember(acmeSends)).user_id;
  const made = await acmeSends('POST', 'groups', { name: 'Desk', permissions: ['b', 'a', 'b'] });
  expect(made.status).toBe(201);
  const { group } = made.body;
  expect(group).toMatchObject({ name: 'Desk', permissions: ['b', 'a'], members: [] });
  expect(group.group_id).toMatch(/^grp_[0-9A-Z]{26}$/);
  const path = `groups/${group.group_id}`;
  const renamed = await acmeSends('PATCH', path, { name: 'Front desk' });
  expect(renamed.body.group).toEqual({ ...group, name: 'Front desk' });
  const narrowed = await acmeSends('PATCH', path, { permissions: ['a'] });
  expect(narrowed.body.group).toEqual({ ...group, name: 'Front desk', permissions: ['a'] });
  for (const time of ['first', 'second']) {
    const joined = await acmeSends('POST', `${path}/members`, { user_id: ada });
    expect([time, joined.status, joined.body.group.members]).toEqual([time, 200, [ada]]);
  }
  expect((await acmeSends('GET', path)).body.group.members).toEqual([ada]);
  expect((await acmeSends('DELETE', `${path}/members/${ada}`)).body.group.members).toEqual([]);
  expect((await acmeSends('DELETE', `${path}/members/${ada}`)).status).toBe(404);
  await acmeSends('POST', `${path}/members`, { user_id: ada });
  expect((await acmeSends('DELETE', `members/${ada}`)).status).toBe(200);
  expect((await acmeSends('GET', path)).body.group.members).toEqual([]);
  expect((await acmeSends('DELETE', path)).status).toBe(200);
  expect((await acmeSends('GET', path)).status).toBe(404);
});

test('each way in needs its scope, and none is a tool for a model', async () => {
  const app = await startWithManagers();
  const ada = (await addMember(app.acmeSends)).user_id;
  const groupId = (await createGroup(app.acmeSends)).group_id;
  const requests: [string, string, string, object?][] = [
    ['member:read', 'GET', 'members'],
    ['member:read', 'GET', `members/${ada}`],
    ['member:read', 'GET', 'groups'],
    ['member:read', 'GET', `groups/${groupId}`],
    ['member:write', 'POST', 'members', { name: 'Bob' }],
    ['member:write', 'PATCH', `members/${ada}`, { active: false }],
    ['member:write', 'POST', 'groups', { name: 'New' }],
    ['member:write', 'PATCH', `groups/${groupId}`, { permissions: ['x'] }],
    ['member:write', 'POST', `groups/${groupId}/members`, { user_id: ada }],
    ['member:write', 'DELETE', `groups/${groupId}/members/${ada}`],
    ['member:write', 'DELETE', `groups/${groupId}`],
    ['member:write', 'DELETE', `members/${ada}`],
  ];
  const reader = app.by((await app.mint(app.acme, { scopes: ['member:read'] })).plaintext);
  const writer = app.by((await app.mint(app.acme, { scopes: ['member:write'] })).plaintext);
  for (const [scope, method, path, body] of requests) {
    const [allowed, refused] = scope === 'member:read' ? [reader, writer] : [writer, reader];
    const answer = await refused(method, path, body);
    const { code, required } = answer.body.error;
    expect([method, path, answer.status, code, required]).toEqual([
      method,
      path,
      403,
      'INSUFFICIENT_SCOPE',
      [scope],
    ]);
    expect([method, path, (await allowed(method, path, body)).status < 300]).toEqual([method, path, true]);
  }
  const listed = await rpc(app.url, app.ofAcme.plaintext, 'tools/list');
  expect(listed.text).toContain('whoami');
  expect(listed.text).not.toMatch(/member|group"/);
  expect((await callTool(app.url, app.ofAcme.plaintext, 'list_members')).text).toContain('UNKNOWN_TOOL');
});

test('foreign, unknown and garbled ids are answered with the same bytes, and stay as they are', async () => {
  const { acmeSends, boltSends } = await startWithManagers();
  const ours = { user: (await addMember(acmeSends)).user_id, group: (await createGroup(acmeSends)).group_id };
  const theirs = {
    user: (await addMember(boltSends)).user_id,
    group: (await createGroup(boltSends)).group_id,
  };
  await boltSends('POST', `groups/${theirs.group}/members`, { user_id: theirs.user });
  const before = [await boltSends('GET', 'members'), await boltSends('GET', 'groups')];
  const users = [theirs.user, unknownUser, 'garbage', '__proto__', unknownGroup];
  const groups = [theirs.group, unknownGroup, 'garbage', '__proto__', unknownUser];
  const attempts: [string, (id: string) => string, readonly string[], ((id: string) => object)?][] = [
    ['GET', (id) => `members/${id}`, users],
    ['PATCH', (id) => `members/${id}`, users, () => ({ active: false })],
    ['DELETE', (id) => `members/${id}`, users],
    ['GET', (id) => `groups/${id}`, groups],
    ['PATCH', (id) => `groups/${id}`, groups, () => ({ permissions: ['admin'] })],
    ['DELETE', (id) => `groups/${id}`, groups],
    ['POST', (id) => `groups/${id}/members`, groups, () => ({ user_id: ours.user })],
    ['POST', () => `groups/${ours.group}/members`, users, (user_id) => ({ user_id })],
    ['DELETE', (id) => `groups/${id}/members/${theirs.user}`, groups],
    ['DELETE', (id) => `groups/${ours.group}/members/${id}`, users],
  ];
  for (const [method, pathOf, ids, bodyOf] of attempts) {
    const texts = new Set<string>();
    for (const id of ids) {
      const answer = await acmeSends(method, pathOf(id), bodyOf?.(id));
      expect([method, pathOf(id), answer.status, answer.body.error.code]).toEqual([
        method,
        pathOf(id),
        404,
        'NOT_FOUND',
      ]);
      texts.add(answer.text.replace(answer.body.error.request_id, ''));
    }
    expect(texts.size).toBe(1);
  }
  expect((await boltSends('GET', 'members')).text).toBe(before[0]?.text);
  expect((await boltSends('GET', 'groups')).text).toBe(before[1]?.text);
});

test('an organisation learns nothing of a person through an address that another one knows', async () => {
  const { acmeSends, boltSends } = await startWithManagers();
  const inAcme = await addMember(acmeSends, { email: 'ada@example.org', name: 'Ada' });
  const inBolt = await addMember(boltSends, { email: 'ADA@example.org', name: 'Someone' });
  expect(inBolt).toMatchObject({ name: 'Someone', role: 'member' });
  expect(inBolt.user_id).not.toBe(inAcme.user_id);
  expect((await boltSends('GET', `members/${inAcme.user_id}`)).status).toBe(404);
  await acmeSends('DELETE', `members/${inAcme.user_id}`);
  expect((await boltSends('GET', `members/${inBolt.user_id}`)).body.member).toEqual(inBolt);
});

test('people and groups are listed newest first, in pages of the own organisation', async () => {
  const { acmeSends, boltSends, ...app } = await startWithManagers();
  await addMember(boltSends);
  await createGroup(boltSends);
  const users: string[] = [];
  const groups: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    users.unshift((await addMember(acmeSends, { name: `Person ${index}` })).user_id);
    groups.unshift((await createGroup(acmeSends, { name: `Group ${index}` })).group_id);
  }
  for (const [what, id, expected] of [
    ['members', 'user_id', users],
    ['groups', 'group_id', groups],
  ] as const) {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await acmeSends('GET', `${what}?limit=2${cursor}`);
      expect(body[what].length).toBeLessThanOrEqual(2);
      seen.push(...body[what].map((row: Record<string, string>) => row[id]));
      cursor = body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(body.next_cursor)}`;
      if (cursor === '') continue;
      const stolen = await boltSends('GET', `${what}?limit=2${cursor}`);
      expect(stolen.body.error.code).toBe('INVALID_CURSOR');
    } while (cursor !== '');
    expect(seen).toEqual(expected);
  }
  expect(app.sent).toEqual([]);
});

test('every change is one audit row that says what changed, and what changes nothing says nothing', async () => {
  const app = await startWithManagers();
  const { acmeSends } = app;
  const before = (await app.audit()).length;
  const ada = (await addMember(acmeSends)).user_id;
  const groupId = (await createGroup(acmeSends, { permissions: ['a'] })).group_id;
  const same = 'changed nothing';
  const steps: [string, string, object | undefined, object | typeof same][] = [
    ['PATCH', `members/${ada}`, { active: false }, { changed_member: ada, role: 'member', active: false }],
    ['PATCH', `members/${ada}`, { role: 'member', active: false }, same],
    [
      'PATCH',
      `groups/${groupId}`,
      { permissions: ['b', 'a'] },
      { changed_group: groupId, name: 'Desk', permissions: ['b', 'a'] },
    ],
    ['PATCH', `groups/${groupId}`, { permissions: ['a', 'b', 'a'], name: 'Desk' }, same],
    ['POST', `groups/${groupId}/members`, { user_id: ada }, { joined_group: groupId, user_id: ada }],
    ['POST', `groups/${groupId}/members`, { user_id: ada }, same],
    ['DELETE', `groups/${groupId}/members/${ada}`, undefined, { left_group: groupId, user_id: ada }],
    ['DELETE', `groups/${groupId}`, undefined, { deleted_group: groupId }],
    ['DELETE', `members/${ada}`, undefined, { removed_member: ada }],
  ];
  for (const [method, path, body] of steps)
    expect((await acmeSends(method, path, body)).status, path).toBe(200);
  const rows = (await app.audit()).slice(0, -before).reverse();
  expect(
    rows.map(({ method, target, status, change }) => [method, target, status, JSON.parse(change ?? 'null')]),
  ).toEqual([
    ['POST', '/v1/members', 201, { added_member: ada, role: 'member' }],
    ['POST', '/v1/groups', 201, { created_group: groupId, name: 'Desk', permissions: ['a'] }],
    ...steps.map(([method, path, , change]) => [method, `/v1/${path}`, 200, change === same ? null : change]),
  ]);
  expect(rows.every((row) => row.organizationId === app.acme.id && row.keyPrefix === app.ofAcme.prefix)).toBe(
    true,
  );
});

test('a key that dies between the gate and the commit changes nobody', async () => {
  const app = await startWithManagers();
  const ada = (await addMember(app.acmeSends)).user_id;
  const dying = await app.mint(app.acme, { scopes: ['member:write'] });
  const { keys } = app.services.store;
  const find = keys.find.bind(keys);
  // The race itself: the key is revoked right after the gate has read it.
  keys.find = async (hash) => {
    const found = await find(hash);
    const revocation = () => ({ revokedAtMs: app.now(), revokedBy: 'test' });
    if (found?.key.id === dying.id) {
      await keys.change({ keyspace: app.acme.id, keyId: dying.id }, null, revocation, ({ organizationId }) =>
        operatorRow({ tier: 'cli', target: 'keys revoke', organizationId, nowMs: app.now() }),
      );
    }
    return found;
  };
  const late = await app.by(dying.plaintext)('PATCH', `members/${ada}`, { active: false });
  expect([late.status, late.body.error.code]).toEqual([401, 'INVALID_TOKEN']);
  expect((await app.acmeSends('GET', `members/${ada}`)).body.member.active).toBe(true);
});
