import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestJson, rpc } from '../../support/http.ts';
import { operatePeople } from '../../support/operate-people.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const permissions = { searching: ['agent:search'], reading: ['agent:read', 'study:read'], everything: '*' };

/** Acme with an operator-like manager key, and what it takes to manage people and their keys through REST. */
async function startWithPeople() {
  const app = await startTwoTenants({ seed: false, config: { permissions } });
  const scopes = [
    'key:read',
    'key:write',
    'member:read',
    'member:write',
    'agent:search',
    'agent:read',
    'study:read',
  ];
  const manager = await app.mint(app.acme, { scopes });
  const send = (method: string, path: string, body?: object, key = manager.plaintext) =>
    requestJson(`${app.url}/v1/${path}`, { method, key, ...(body && { body }) });
  const people = operatePeople(app, app.acme);
  const addMember = async (role: 'admin' | 'member' = 'member'): Promise<string> =>
    (await people.add({ name: 'Ada', email: null, role })).userId;
  const addGroup = async (granted: string[], ...members: string[]): Promise<string> => {
    const { group } = (await send('POST', 'groups', { name: `g${Math.random()}`, permissions: granted }))
      .body;
    for (const user_id of members) await send('POST', `groups/${group.group_id}/members`, { user_id });
    return group.group_id;
  };
  const mintFor = async (user_id: string, body: object = {}) => {
    const answer = await send('POST', 'keys', { scope_type: 'user', user_id, name: 'personal', ...body });
    return { ...answer, key: answer.body.key, token: answer.body.auth_token as string };
  };
  const scopesOf = async (token: string) => {
    const { status, body } = await requestJson(`${app.url}/v1/whoami`, { key: token });
    return status === 200 ? [...body.scopes].sort() : status;
  };
  return { ...app, manager, send, people, addMember, addGroup, mintFor, scopesOf };
}

test('a user-bound key may do what its owner may do at this moment, and never more than was stored', async () => {
  const app = await startWithPeople();
  const ada = await app.addMember();
  const { token, key } = await app.mintFor(ada, { scopes: ['agent:search', 'agent:read'] });
  expect(key).toMatchObject({ scope_type: 'user', user_id: ada, is_default: false });
  expect(await app.scopesOf(token)).toEqual([]);
  const group = await app.addGroup(['searching'], ada);
  expect(await app.scopesOf(token)).toEqual(['agent:search']);
  await app.send('PATCH', `groups/${group}`, { permissions: ['searching', 'reading'] });
  expect(await app.scopesOf(token)).toEqual(['agent:read', 'agent:search']);
  await app.send('PATCH', `groups/${group}`, { permissions: ['everything', 'unheard of'] });
  expect(await app.scopesOf(token)).toEqual(['agent:read', 'agent:search']);
  await app.send('DELETE', `groups/${group}/members/${ada}`);
  expect(await app.scopesOf(token)).toEqual([]);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ userId: ada, keyId: key.id });
});

test('what the owner’s permissions allow is the stored scopes within the map, for every mixture', async () => {
  const app = await startWithPeople();
  const ada = await app.addMember();
  const group = await app.addGroup([], ada);
  const stored = ['agent:search', 'agent:read', 'study:read'];
  const { token } = await app.mintFor(ada, { scopes: stored });
  await fc.assert(
    fc.asyncProperty(fc.subarray(['searching', 'reading', 'everything']), async (granted) => {
      await app.send('PATCH', `groups/${group}`, { permissions: granted });
      const allowed = granted.flatMap((name) => {
        const scopes = permissions[name as keyof typeof permissions];
        return scopes === '*' ? stored : scopes;
      });
      expect(await app.scopesOf(token)).toEqual(stored.filter((scope) => allowed.includes(scope)).sort());
    }),
    { numRuns: 16 },
  );
});

test('the owner’s life is the key’s: deactivated, reactivated, removed, deleted', async () => {
  const app = await startWithPeople();
  const ada = await app.addMember('admin');
  const { token, key } = await app.mintFor(ada, { scopes: ['agent:read'] });
  expect(await app.scopesOf(token)).toEqual(['agent:read']);
  await app.send('PATCH', `members/${ada}`, { active: false });
  expect(await app.scopesOf(token)).toBe(401);
  expect(JSON.parse((await app.audit(1))[0]?.change ?? '')).toEqual({ reason: 'owner inactive' });
  await app.people.change(ada, { active: true });
  expect(await app.scopesOf(token)).toEqual(['agent:read']);
  await app.send('DELETE', `members/${ada}`);
  expect(await app.scopesOf(token)).toBe(401);
  expect((await app.send('GET', `keys/${key.id}`)).body.key.prefix).toBe(key.prefix);
});

test('the mint table, row by row', async () => {
  const app = await startWithPeople();
  const ada = await app.addMember();
  const inactive = await app.addMember();
  await app.send('PATCH', `members/${inactive}`, { active: false });
  const mint = async (body: object, key?: string) => {
    const { status, body: answer } = await app.send('POST', 'keys', { name: 'x', scopes: [], ...body }, key);
    return status === 201 ? 201 : `${status} ${answer.error.code}`;
  };
  const unknown = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  expect(await mint({})).toBe('400 SCOPE_REQUIRED');
  expect(await mint({ user_id: ada })).toBe('400 SCOPE_REQUIRED');
  expect(await mint({ scope_type: 'host' })).toBe('403 HOST_KEY_OPERATOR_ONLY');
  expect(await mint({ scope_type: 'global' })).toBe(201);
  expect(await mint({ scope_type: 'global', user_id: ada })).toBe('400 VALIDATION_ERROR');
  expect(await mint({ scope_type: 'user', user_id: ada })).toBe(201);
  for (const user_id of [unknown, inactive, 'garbage']) {
    expect(await mint({ scope_type: 'user', user_id })).toBe('400 INVALID_USER');
  }
  expect(await mint({ scope_type: 'user' })).toBe('400 VALIDATION_ERROR');
  const boss = await app.addMember('admin');
  const { token } = await app.mintFor(boss, { scopes: ['key:write'] });
  expect(await mint({ scope_type: 'global' }, token)).toBe(201);
  expect(await mint({ scope_type: 'user', user_id: ada }, token)).toBe(201);
  expect(await mint({ scope_type: 'user' }, token)).toBe(201);
  await app.send('PATCH', `members/${boss}`, { role: 'member' });
  expect(await mint({ scope_type: 'user' }, token)).toBe('403 INSUFFICIENT_SCOPE');
  const refused = await requestJson(`${app.url}/v1/keys`, { key: token, body: { scope_type: 'user' } });
  expect(refused.body.error.message).toMatch(
    /key:write\. A person's key .* and the person's groups both allow/,
  );
});

test('of all that is wrong with a minting, the first check speaks', async () => {
  const app = await startWithPeople();
  const codeOf = async (body: object) =>
    (await app.send('POST', 'keys', { name: 'x', ...body })).body.error.code;
  const user_id = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  expect(await codeOf({ scope_type: 'host', user_id: 7, nonsense: 1 })).toBe('HOST_KEY_OPERATOR_ONLY');
  expect(await codeOf({ scope_type: 'global', user_id: 'garbage', scopes: [] })).toBe('VALIDATION_ERROR');
  expect(await codeOf({ scope_type: 'user', user_id, scopes: ['no:such'] })).toBe('VALIDATION_ERROR');
  expect(await codeOf({ scope_type: 'user', user_id, scopes: ['billing:write'] })).toBe('INVALID_USER');
  const ada = await app.addMember();
  expect(await codeOf({ scope_type: 'user', user_id: ada, scopes: ['billing:write'] })).toBe(
    'SCOPE_ESCALATION',
  );
});

test('a member of another organisation is as unknown as nobody', async () => {
  const app = await startWithPeople();
  const theirs = await app.mint(app.bolt, { scopes: ['key:write', 'member:write'] });
  const foreign = (await app.send('POST', 'members', { name: 'Eve' }, theirs.plaintext)).body.member.user_id;
  const answers = [];
  for (const user_id of [foreign, 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV']) answers.push(await app.mintFor(user_id));
  const [one, two] = answers.map(({ text, body }) => text.replace(body.error.request_id, ''));
  expect(one).toBe(two);
  expect(answers[0]?.body.error.code).toBe('INVALID_USER');
});

test('a personal key is rotated by its owner alone; an admin may revoke it', async () => {
  const app = await startWithPeople();
  const boss = await app.addMember('admin');
  const { token, key } = await app.mintFor(boss, { scopes: ['key:read', 'key:write'] });
  const byAdmin = await app.send('POST', `keys/${key.id}/rotate`, {});
  expect([byAdmin.status, byAdmin.body.error.code]).toEqual([403, 'FORBIDDEN']);
  const own = await app.send('POST', `keys/${key.id}/rotate`, {}, token);
  expect(own.body.key).toMatchObject({ scope_type: 'user', user_id: boss, replaces: key.id });
  await app.send('DELETE', `keys/${own.body.key.id}`);
  expect(await app.scopesOf(own.body.auth_token)).toBe(401);
  expect(await app.scopesOf(token)).toEqual(['key:read', 'key:write']);
});

test('a running stream ends when the owner of its key is deactivated', async () => {
  const app = await startWithPeople();
  const ada = await app.addMember('admin');
  const { token } = await app.mintFor(ada, { scopes: [] });
  const presented = {
    rawHeaders: ['authorization', `Bearer ${token}`],
    headerName: 'x-organization-id',
    urlSegment: undefined,
    surface: 'mcp',
    workspaceId: undefined,
    adminOrganization: undefined,
    clientAddress: null,
  } as const;
  const { refusalNow } = await app.services.identify(presented);
  expect(await refusalNow()).toBeUndefined();
  await app.send('PATCH', `members/${ada}`, { active: false });
  expect(await refusalNow()).toMatchObject({ code: 'INVALID_TOKEN' });
});

test('a client may keep the list of an organisation’s key for a while, and that of a person’s key not at all', async () => {
  const app = await startWithPeople();
  const { token } = await app.mintFor(await app.addMember(), { scopes: [] });
  const ttlOf = async (key: string) => {
    const { result } = (await rpc(app.url, key, 'tools/list')).body;
    return [result.ttlMs, result.cacheScope];
  };
  expect(await ttlOf(app.acme.defaultKey)).toEqual([60_000, 'private']);
  expect(await ttlOf(token)).toEqual([0, 'private']);
});

test.each([
  ['FORBIDDEN', 403, { role: 'member' }],
  ['INVALID_TOKEN', 401, { active: false }],
])(
  'an admin who is none any more between the gate and the commit is %s, and leaves nothing behind',
  async (code, status, change) => {
    const app = await startWithPeople();
    const ada = await app.addMember('admin');
    const { token } = await app.mintFor(ada, { scopes: ['key:write'] });
    // A key that manages no keys: what makes an admin is the role, not one scope.
    const { token: ofPeople } = await app.mintFor(ada, { scopes: ['member:write'] });
    const other = await app.mint(app.acme);
    const { members } = app.services.store;
    const permissionsOf = members.permissionsOf.bind(members);
    const attempt = async (method: string, path: string, body?: object, key = token) => {
      await app.people.change(ada, { role: 'admin', active: true });
      // The race itself: the owner is changed right after the gate has read what they are.
      members.permissionsOf = async (organizationId, userId) => {
        const membership = await permissionsOf(organizationId, userId);
        members.permissionsOf = permissionsOf;
        await app.send('PATCH', `members/${ada}`, change);
        return membership;
      };
      const answer = await app.send(method, path, body, key);
      expect([path, answer.status, answer.body.error?.code]).toEqual([path, status, code]);
    };
    await attempt('POST', 'keys', { scope_type: 'global', name: 'late', scopes: [] });
    await attempt('POST', `keys/${other.id}/rotate`, {});
    await attempt('PATCH', `keys/${other.id}`, { name: 'late' });
    await attempt('DELETE', `keys/${other.id}`);
    await attempt('POST', 'members', { name: 'late', role: 'admin' }, ofPeople);
    await attempt('PATCH', `members/${ada}`, { role: 'admin', active: true }, ofPeople);
    await attempt('POST', 'groups', { name: 'late', permissions: [] }, ofPeople);
    const { keys } = (await app.send('GET', 'keys?limit=100')).body;
    expect(keys.find(({ id }: { id: string }) => id === other.id)).toMatchObject({
      status: 'active',
      name: other.name,
    });
    for (const path of ['keys?limit=100', 'members', 'groups']) {
      expect((await app.send('GET', path)).text).not.toContain('late');
    }
  },
);
