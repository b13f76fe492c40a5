import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';
import { runHere } from './in-process.ts';

const nobody = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const noKey = 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('an organisation that is not found is told with the store and the command that lists them', async () => {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const inStore = `"tenantry orgs list" shows those in ${join(commands.dir, 'data', 'tenantry.db')}.`;
  for (const args of [
    ['keys', 'list', '--org', unknownOrganization],
    ['orgs', 'suspend', unknownOrganization],
    ['users', 'add', '--org', unknownOrganization, '--name', 'Ada'],
    ['audit', 'list', '--org', unknownOrganization],
    ['keys', 'mint', '--host', '--name', 'x', '--for', unknownOrganization],
  ]) {
    const { code, stderr } = await commands.run(args);
    expect([code, stderr]).toEqual([
      1,
      `NOT_FOUND: There is no organisation ${unknownOrganization}. ${inStore}\n`,
    ]);
  }
  const byName = await commands.run(['keys', 'mint', '--org', 'Acme', '--name', 'x']);
  expect(byName.stderr).toBe(
    `NOT_FOUND: Not an organisation id: "Acme"; expected org_ and 26 characters. "Acme" is ${acme.id}. ${inStore}\n`,
  );
});

test('a person, a group or a key that is not found is told with the command that lists them', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const org = ['--org', id];
  const said = async (...args: string[]) => (await commands.run([...args, ...org])).stderr;
  const users = `"tenantry users list --org ${id}" shows`;
  expect(await said('keys', 'mint', '--name', 'x', '--user', 'Ada')).toContain(
    `INVALID_USER: --user: ${id} has no member "Ada"; ${users} its people.`,
  );
  expect(await said('users', 'remove', nobody)).toContain(users);
  expect(await said('groups', 'delete', 'grp_x')).toContain(`"tenantry groups list --org ${id}" shows`);
  expect(await said('keys', 'revoke', noKey)).toContain(`"tenantry keys list --org ${id}" shows`);
  expect((await commands.run(['keys', 'rotate', noKey, '--host'])).stderr).toContain(
    '"tenantry keys list --host"',
  );
  const { member } = await commands.json(['users', 'add', ...org, '--name', 'Ada']);
  await commands.json(['users', 'deactivate', member.user_id, ...org]);
  expect(await said('keys', 'mint', '--name', 'x', '--user', member.user_id)).toContain('is inactive; ');
});

test('keys mint tells every name that means nothing here in one round', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const mint = ['keys', 'mint', '--name', 'x', '--user', nobody, '--scopes', 'agent:serch', '--org'];
  const ended = await commands.run([...mint, id]);
  expect([ended.code, ended.stdout, linesOf(ended.stderr)]).toEqual([
    1,
    '',
    [
      expect.stringContaining(`INVALID_USER: --user: ${id} has no member`),
      expect.stringContaining(
        'VALIDATION_ERROR: --scopes: "agent:serch" is unknown, did you mean "agent:search"?',
      ),
    ],
  ]);
  expect(linesOf((await commands.run([...mint, 'acme'])).stderr)).toEqual([
    expect.stringContaining('NOT_FOUND: Not an organisation id: "acme"'),
    expect.stringContaining('VALIDATION_ERROR: --scopes: '),
  ]);
});

test('a prefix that the configuration does not have is told with those it has', async () => {
  const { dir, file } = writeConfig({
    downstreams: [{ prefix: 'docs', mcp: 'https://mcp.example.com/mcp', scopes: {} }],
  });
  const { code, stderr } = await runHere(['downstreams', 'approve', 'dox'], { TENANTRY_CONFIG: file }, dir);
  expect([code, stderr]).toEqual([
    1,
    'There is no such prefix in "downstreams": "dox" is unknown, did you mean "docs"? Known: docs\n',
  ]);
});

test('organisations of a demo in front of a real platform are told at start, with what ends them', async () => {
  const { dir, file } = writeConfig({ demo: true, server: { port: 0 }, logLevel: 'silent' });
  const env = { TENANTRY_CONFIG: file };
  expect((await runHere(['serve'], env, dir)).stderr).not.toContain('warning');
  const real = { ...env, TENANTRY_DOWNSTREAM_URL: 'https://api.example.com' };
  const { stderr } = await runHere(['serve'], real, dir);
  const [, first, second] =
    /^warning: keys of the demo \(Acme Research and Bolt Labs\) reach https:\/\/api\.example\.com; end them: npx tenantry orgs delete (\S+) && npx tenantry orgs delete (\S+)$/m.exec(
      stderr,
    ) ?? [];
  for (const id of [first ?? '', second ?? '']) {
    expect((await runHere(['orgs', 'delete', id], env, dir)).code).toBe(0);
  }
  expect((await runHere(['serve'], real, dir)).stderr).not.toContain('warning');
});
