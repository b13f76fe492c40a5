import { expect, test } from 'vitest';
import { requestJson } from '../support/http.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';

test('a new organisation comes with a key that is shown this once and works', async () => {
  const commands = createCommands();
  const { code, stdout, stderr } = await commands.runApart(['orgs', 'create', '  Acme Research ']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [created, key = '', warning] = linesOf(stdout);
  expect(created).toMatch(/^Created Acme Research \(org_[0-9A-Z]{26}\)\.$/);
  expect(key).toMatch(/^Default key: tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/);
  expect(warning).toMatch(/shown once/);

  const server = await commands.startServer();
  const { body } = await requestJson(`${server.url}/v1/whoami`, { key: key.slice('Default key: '.length) });
  expect(created).toContain(body.organization.organization_id);
});

test('an external id that is known makes nothing and shows no key', async () => {
  const commands = createCommands();
  const first = await commands.json(['orgs', 'create', 'Acme', '--external-id', 'ext-1']);
  expect(first).toMatchObject({ created: true, auth_token: expect.stringMatching(/^tnt_/) });
  const again = await commands.run(['orgs', 'create', 'Another name', '--external-id', 'ext-1']);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('existed already') });
  expect(again.stdout).toContain(first.organization.organization_id);
  expect(again.stdout).not.toContain('tnt_');
  const json = await commands.json(['orgs', 'create', 'Acme', '--external-id', 'ext-1']);
  expect(json).toEqual({ organization: first.organization, created: false });
  expect((await commands.json(['orgs', 'list'])).organizations).toEqual([first.organization]);

  await commands.json(['orgs', 'delete', first.organization.organization_id]);
  const late = await commands.run(['orgs', 'create', 'Acme', '--external-id', 'ext-1']);
  expect(late).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('deleted') });
});

test('suspending, resuming and deleting take effect on the next request, and are audited', async () => {
  const commands = createCommands();
  const { id, key } = await createOrganization(commands, 'Acme');
  const server = await commands.startServerApart();
  const whoami = async () => (await requestJson(`${server.url}/v1/whoami`, { key })).status;
  expect(await whoami()).toBe(200);
  const suspended = await commands.run(['orgs', 'suspend', id]);
  expect(suspended).toMatchObject({ code: 0, stdout: `Acme (${id}) is suspended.\n`, stderr: '' });
  expect(await whoami()).toBe(403);
  expect(await commands.json(['orgs', 'resume', id])).toMatchObject({ organization: { status: 'active' } });
  expect(await whoami()).toBe(200);
  expect(await commands.json(['orgs', 'delete', id])).toMatchObject({ organization: { status: 'deleted' } });
  expect(await whoami()).toBe(401);
  expect(await commands.run(['orgs', 'resume', id])).toMatchObject({ code: 1, stdout: '' });

  const { events } = await commands.json(['audit', 'list', '--org', id]);
  const acts = events.filter((event: { tier: string }) => event.tier === 'cli');
  expect(acts.map(({ target, change }: { target: string; change: object }) => [target, change])).toEqual([
    ['orgs delete', { organization: id, status: 'deleted' }],
    ['orgs resume', { organization: id, status: 'active' }],
    ['orgs suspend', { organization: id, status: 'suspended' }],
    ['orgs create', { organization: id, status: 'active' }],
  ]);
});

test.for([
  [1, 'Not an organisation id', ['orgs', 'delete', `${unknownOrganization} `]],
  [1, `no organisation ${unknownOrganization}`, ['orgs', 'resume', unknownOrganization]],
  [2, 'one line', ['orgs', 'create', '  ']],
  [2, 'one line', ['orgs', 'create', 'two\nlines']],
  [2, 'printable ASCII', ['orgs', 'create', 'Acme', '--external-id', 'é']],
  [2, 'without blanks at the ends', ['orgs', 'create', 'Acme', '--external-id', 'acme ']],
  [2, 'unknown command', ['orgs', 'rename', 'x']],
] as const)('exit %i, "%s": %j', async ([code, sentence, args]) => {
  const commands = createCommands();
  if (code === 1) await createOrganization(commands, 'Acme');
  const ended = await commands.run(args);
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(sentence) });
});

test.for([
  [1, 'Not an organisation id', ['orgs', 'suspend', 'acme']],
  [2, 'argument', ['orgs', 'create']],
] as const)('the process ends with %i, "%s": %j', async ([code, sentence, args]) => {
  const commands = createCommands();
  if (code === 1) await createOrganization(commands, 'Acme');
  const ended = await commands.runApart(args);
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(sentence) });
});

test('orgs list shows every organisation, however many there are', async () => {
  const commands = createCommands();
  await commands.json(['orgs', 'create', 'The first']);
  commands.tamper(`WITH RECURSIVE counted(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM counted WHERE n < 600)
    INSERT INTO organizations (id, name, status, created_at)
    SELECT 'org_01HZZZZZZZZZZZZZZZZZZZZ' || n, 'One', 'active', 0 FROM counted`);
  const { organizations } = await commands.json(['orgs', 'list']);
  expect(new Set(organizations.map((one: { organization_id: string }) => one.organization_id)).size).toBe(
    502,
  );
});
