import { expect, test } from 'vitest';
import { requestJson } from '../support/http.ts';
import {
  type Commands,
  createCommands,
  createOrganization,
  linesOf,
  unknownOrganization,
} from './commands.ts';

const unknownUser = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const unknownGroup = 'grp_01ARZ3NDEKTSV4RRFFQ69G5FAV';

const addUser = async (commands: Commands, org: string, ...more: string[]): Promise<string> =>
  (await commands.json(['users', 'add', '--org', org, '--name', 'Ada', ...more])).member.user_id;

const createGroup = async (commands: Commands, org: string, ...more: string[]): Promise<string> =>
  (await commands.json(['groups', 'create', 'Desk', '--org', org, ...more])).group.group_id;

test('people are added, listed, deactivated, activated and removed, in words for a person', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const org = ['--org', (await createOrganization(commands, 'Acme')).id];
  expect((await commands.run(['users', 'list', ...org])).stdout).toBe(
    'The organisation has no people yet.\n',
  );
  const added = await commands.runApart([
    'users',
    'add',
    ...org,
    '--name',
    ' Ada ',
    '--email',
    'Ada@example.org',
  ]);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  const [, user = ''] = /^Added Ada \((usr_[0-9A-Z]{26})\) as member\.\n$/.exec(added.stdout) ?? [];
  const list = async () => linesOf((await commands.run(['users', 'list', ...org])).stdout);
  const [header, row] = await list();
  expect(header).toMatch(/^USER ID +NAME +E-MAIL +ROLE +ACTIVE +SINCE$/);
  expect(row).toMatch(new RegExp(`^${user} +Ada +ada@example\\.org +member +yes +20`));
  for (const [verb, said, active] of [
    ['deactivate', 'is inactive', 'no'],
    ['activate', 'is active', 'yes'],
  ] as const) {
    const ended = await commands.run(['users', verb, user, ...org]);
    expect(ended).toMatchObject({ code: 0, stdout: `Ada (${user}) ${said}.\n` });
    expect((await list())[1]).toContain(`member  ${active}`);
  }
  const removed = await commands.run(['users', 'remove', user, ...org]);
  expect(removed).toMatchObject({ code: 0, stdout: `Ada (${user}) is no member any more.\n` });
  expect(await list()).toEqual(['The organisation has no people yet.']);
});

test('groups are created, granted, revoked, given people and deleted, in words for a person', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const { id } = await createOrganization(commands, 'Acme');
  const org = ['--org', id];
  const user = await addUser(commands, id);
  expect((await commands.run(['groups', 'list', ...org])).stdout).toBe(
    'The organisation has no groups yet.\n',
  );
  const created = await commands.run(['groups', 'create', ' Desk ', ...org, '--permissions', 'a, b,a']);
  const [, group = ''] = /^Created Desk \((grp_[0-9A-Z]{26})\) grants a b\.\n$/.exec(created.stdout) ?? [];
  const mistyped =
    'warning: the group did not grant what was named: "asets:write" is unknown, did you mean "assets:write"? Known: a, b, c, assets:write\n';
  const steps: [args: string[], said: string, warning?: string][] = [
    [['grant', group, 'b', 'c', 'assets:write'], 'grants a b c assets:write'],
    [['revoke', group, 'a', 'asets:write'], 'grants b c assets:write', mistyped],
    [['revoke', group, 'b', 'assets:write'], 'grants c'],
    [['add-member', group, user], 'has its new member; it grants c'],
  ];
  for (const [args, said, warning = ''] of steps) {
    const ended = await commands.run(['groups', ...args, ...org]);
    expect(ended).toMatchObject({ code: 0, stderr: warning, stdout: `Desk (${group}) ${said}.\n` });
  }
  const [header, row] = linesOf((await commands.run(['groups', 'list', ...org])).stdout);
  expect(header).toMatch(/^GROUP ID +NAME +MEMBERS +PERMISSIONS$/);
  expect(row).toMatch(new RegExp(`^${group} +Desk +1 +c$`));
  const left = await commands.json(['groups', 'remove-member', group, user, ...org]);
  expect(left.group).toMatchObject({ members: [], permissions: ['c'] });
  const ended = await commands.run(['groups', 'delete', group, ...org]);
  expect(ended.stdout).toBe(`Desk (${group}) is deleted; it granted c.\n`);
  expect((await commands.json(['groups', 'list', ...org])).groups).toEqual([]);
});

test('every change of the operator is a row of the organisation, and looking leaves none', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const { id } = await createOrganization(commands, 'Acme');
  const org = ['--org', id];
  const user = await addUser(commands, id, '--role', 'admin');
  const group = await createGroup(commands, id, '--permissions', 'a');
  const quiet: string[][] = [
    ['users', 'list'],
    ['groups', 'list'],
    ['users', 'activate', user],
    ['groups', 'grant', group, 'a'],
  ];
  for (const args of quiet) await commands.json([...args, ...org]);
  expect((await commands.run(['groups', 'revoke', group, 'unheld', ...org])).code).toBe(0);
  const loud: string[][] = [
    ['users', 'deactivate', user],
    ['groups', 'grant', group, 'b'],
    ['groups', 'revoke', group, 'a'],
    ['groups', 'add-member', group, user],
    ['groups', 'remove-member', group, user],
    ['groups', 'delete', group],
    ['users', 'remove', user],
  ];
  for (const args of loud) await commands.json([...args, ...org]);
  const { events } = await commands.json(['audit', 'list', '--org', id]);
  type Event = { tier: string; target: string; change: object; organization_id: string };
  const told = events.map(({ tier, target, change, organization_id }: Event) => [
    tier,
    organization_id,
    target,
    change,
  ]);
  const expected: [string, object][] = [
    ['users add', { added_member: user, role: 'admin' }],
    ['groups create', { created_group: group, name: 'Desk', permissions: ['a'] }],
    ['users deactivate', { changed_member: user, role: 'admin', active: false }],
    ['groups grant', { changed_group: group, name: 'Desk', permissions: ['a', 'b'] }],
    ['groups revoke', { changed_group: group, name: 'Desk', permissions: ['b'] }],
    ['groups add-member', { joined_group: group, user_id: user }],
    ['groups remove-member', { left_group: group, user_id: user }],
    ['groups delete', { deleted_group: group }],
    ['users remove', { removed_member: user }],
  ];
  expect(told.reverse().slice(1)).toEqual(expected.map((row) => ['cli', id, ...row]));
});

test('deleting a person is written in their organisation, and leaves the others alone', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const acme = (await createOrganization(commands, 'Acme')).id;
  const bolt = (await createOrganization(commands, 'Bolt')).id;
  const user = await addUser(commands, acme, '--email', 'ada@example.org');
  const other = await addUser(commands, bolt, '--email', 'Ada@Example.org');
  expect(other).not.toBe(user);
  const deleted = await commands.json(['users', 'delete', user, '--org', acme]);
  expect(deleted).toMatchObject({ member: { user_id: user }, organizations: [acme] });
  const people = async (org: string) => (await commands.json(['users', 'list', '--org', org])).members;
  expect(await people(acme)).toEqual([]);
  expect(await people(bolt)).toMatchObject([{ user_id: other }]);
  const { events } = await commands.json(['audit', 'list', '--org', acme]);
  expect(events[0]).toMatchObject({ target: 'users delete', tier: 'cli', change: { deleted_user: user } });
});

test('what the operator does is what the REST interface shows on its next request', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const { id } = await createOrganization(commands, 'Acme');
  const minted = await commands.json(['keys', 'mint', '--org', id, '--name', 'm', '--scopes', 'member:read']);
  const server = await commands.startServer();
  const user = await addUser(commands, id);
  const show = () => requestJson(`${server.url}/v1/members/${user}`, { key: minted.auth_token });
  expect((await show()).body.member).toMatchObject({ name: 'Ada', active: true });
  await commands.run(['users', 'deactivate', user, '--org', id]);
  expect((await show()).body.member).toMatchObject({ active: false });
});

test('what belongs to another organisation, or to nobody, is refused in words and changes nothing', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const acme = (await createOrganization(commands, 'Acme')).id;
  const bolt = (await createOrganization(commands, 'Bolt')).id;
  const ours = { user: await addUser(commands, acme), group: await createGroup(commands, acme) };
  const theirs = { user: await addUser(commands, bolt), group: await createGroup(commands, bolt) };
  const lists = async () => [
    await commands.json(['users', 'list', '--org', bolt]),
    await commands.json(['groups', 'list', '--org', bolt]),
  ];
  const before = await lists();
  const attempts = [
    ...[theirs.user, unknownUser, 'x'].flatMap((user) => [
      ...['deactivate', 'activate', 'remove', 'delete'].map((verb) => ['users', verb, user]),
      ...['add-member', 'remove-member'].map((verb) => ['groups', verb, ours.group, user]),
    ]),
    ...[theirs.group, unknownGroup, 'x'].flatMap((group) => [
      ...['grant', 'revoke'].map((verb) => ['groups', verb, group, 'a']),
      ...['add-member', 'remove-member'].map((verb) => ['groups', verb, group, ours.user]),
      ['groups', 'delete', group],
    ]),
  ];
  for (const args of attempts) {
    const ended = await commands.run([...args, '--org', acme]);
    const stderr = expect.stringMatching(/^NOT_FOUND: The organisation has no such /);
    expect(ended, args.join(' ')).toMatchObject({ code: 1, stdout: '', stderr });
  }
  expect(await lists()).toEqual(before);
});

test('a name or an address that is taken, and an organisation that is deleted, are refused', async () => {
  const commands = createCommands({ permissions: { a: [], b: [], c: [], 'assets:write': [] } });
  const { id } = await createOrganization(commands, 'Acme');
  await addUser(commands, id, '--email', 'ada@example.org');
  await createGroup(commands, id);
  const add = ['users', 'add', '--org', id, '--name', 'Ada', '--email', 'ADA@example.org'];
  expect((await commands.run(add)).stderr).toContain('a member already');
  const create = ['groups', 'create', 'Desk', '--org', id];
  expect((await commands.run(create)).stderr).toContain('a group of this name');
  await commands.json(['orgs', 'delete', id]);
  for (const args of [add, create]) {
    const ended = await commands.run(args);
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is deleted') });
  }
});

test.for([
  [1, `no organisation ${unknownOrganization}`, ['users', 'list', '--org', unknownOrganization]],
  [1, 'Not an organisation id: "acme"', ['groups', 'list', '--org', 'acme']],
  [2, "'--org <id>'", ['users', 'list']],
  [2, "'--org <id>'", ['groups', 'delete', unknownGroup]],
  [2, "'--name <name>'", ['users', 'add', '--org', unknownOrganization]],
  [2, 'an e-mail address', ['users', 'add', '--org', unknownOrganization, '--name', 'A', '--email', 'a']],
  [2, 'Allowed choices', ['users', 'add', '--org', unknownOrganization, '--name', 'A', '--role', 'x']],
  [2, 'one line', ['groups', 'create', ' ', '--org', unknownOrganization]],
  [2, 'one line', ['groups', 'grant', unknownGroup, 'two\nlines', '--org', unknownOrganization]],
  [2, 'one line', ['groups', 'create', 'G', '--permissions', 'a,,b', '--org', unknownOrganization]],
  [2, "'permission'", ['groups', 'grant', unknownGroup, '--org', unknownOrganization]],
] as const)('exit %i, "%s": %j', async ([code, sentence, args]) => {
  const commands = createCommands();
  if (code === 1) await createOrganization(commands, 'Acme');
  const ended = await commands.run(args);
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(sentence) });
});
