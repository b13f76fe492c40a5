import { expect, test } from 'vitest';
import { callTool, requestJson } from '../support/http.ts';
import { refusalIn } from '../support/refusal.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';

const canonical = ['research_group:read', 'study:read', 'agent:read', 'job:read', 'agent:search'];

test('a key is minted with what was asked for, and its plaintext works', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const mint = (...args: string[]) =>
    commands.json(['keys', 'mint', '--org', id, '--name', 'Robot', ...args]);
  const plain = await mint();
  expect(plain.key).toMatchObject({ scopes: canonical, scope_type: 'global', created_by: 'cli' });
  expect(plain.key).toMatchObject({ owner: 'operator', organization_id: id, is_default: false });
  const lifeMs = Date.parse(plain.key.expires_at) - Date.parse(plain.key.created_at);
  expect(lifeMs).toBe(90 * 86_400_000);
  const explicit = await mint('--scopes', 'agent:read, audit:read', '--owner', 'Ann', '--purpose', 'Nightly');
  expect(explicit.key).toMatchObject({ scopes: ['agent:read', 'audit:read'], scope_source: 'explicit' });
  expect(explicit.key).toMatchObject({ owner: 'Ann', purpose: 'Nightly' });
  const added = await mint('--add', 'key:write', '--expires-in-days', 'never');
  expect(added.key).toMatchObject({ scopes: [...canonical, 'key:write'], scope_source: 'canonical+extra' });
  expect(added.key.expires_at).toBeNull();
  const none = await mint('--scopes', '', '--expires-in-days', '1');
  expect(none.key).toMatchObject({ scopes: [], scope_source: 'explicit' });

  const server = await commands.startServer();
  const { body } = await requestJson(`${server.url}/v1/whoami`, { key: explicit.auth_token });
  expect(body).toMatchObject({ key: { key_id: explicit.key.id }, scopes: ['agent:read', 'audit:read'] });
});

test('the list shows every key, however many, and nothing of their secrets', async () => {
  const commands = createCommands();
  const { id, key } = await createOrganization(commands, 'Acme');
  const other = await createOrganization(commands, 'Bolt');
  commands.tamper(`
    WITH RECURSIVE n(i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE i < 2200)
    INSERT INTO keys
      (id, organization_id, hash, name, prefix, scope_type, scopes, scope_source, is_default, owner, created_by,
       created_at)
    SELECT 'key_01ARZ3NDEKTSV4RRFFQ69G' || i, organization_id, randomblob(32), 'Copy', 'tnt_0000' || i,
      scope_type, scopes, 'explicit', 0, owner, created_by, created_at
    FROM keys, n WHERE organization_id = '${id}'`);
  const { keys } = await commands.json(['keys', 'list', '--org', id]);
  expect(new Set(keys.map((one: { id: string }) => one.id)).size).toBe(1202);
  const { code, stdout } = await commands.run(['keys', 'list', '--org', id]);
  const [header, first, ...rest] = linesOf(stdout);
  expect([code, rest.length]).toEqual([0, 1201]);
  expect(header).toMatch(/^PREFIX +NAME +SCOPES +STATUS +EXPIRES +LAST USED +KEY ID$/);
  expect(first).toContain(key.slice(0, 12));
  expect(first?.indexOf('active')).toBe(header?.indexOf('STATUS'));
  expect(stdout).not.toContain(key.slice(13));
  expect(stdout).not.toContain(other.key.slice(0, 12));
});

test('a row of the list fits a wide terminal', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  for (const [name, ...scopes] of [
    ['Plain'],
    ['Wider', '--add', 'key:read,key:write'],
    ['Two', '--scopes', 'agent:read,audit:read'],
    ['Many', '--scopes', 'agent:read,agent:write,key:read,key:write'],
    ['Three', '--scopes', 'research_group:read,research_group:write,audit:read'],
    ['None', '--scopes', ''],
    ['A name that is longer than the column is wide'],
  ] as const) {
    await commands.json(['keys', 'mint', '--org', id, '--name', name, ...scopes]);
  }
  const usedAt = Date.parse('2026-11-20T05:31:59.999Z');
  commands.tamper(`UPDATE keys SET last_used_at = ${usedAt}, expires_at = ${usedAt} + 400 * 86400000`);
  const { stdout } = await commands.run(['keys', 'list', '--org', id]);
  const [, ...rows] = linesOf(stdout);
  for (const row of rows) {
    expect(row).toMatch(/ {2}2027-12-25 05:31 {2}2026-11-20 05:31 {2}key_\w{26}$/);
    expect(row.length).toBeLessThanOrEqual(133);
  }
  expect(rows.map((row) => row.split(/ {2,}/).slice(1, 3))).toEqual([
    ['A name that is long…', 'canonical'],
    ['None', '(none)'],
    ['Three', '3 scopes'],
    ['Many', '4 scopes'],
    ['Two', 'agent:read,audit:read'],
    ['Wider', 'canonical + 2'],
    ['Plain', 'canonical'],
    ['Default key *', 'canonical'],
  ]);
  const help = await commands.run(['keys', 'list', '--help']);
  expect(help.stdout.replace(/\s+/g, ' ')).toContain('last use is written once a minute');
});

test("a name that another wrote cannot move the operator's cursor", async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const { auth_token } = await commands.json([
    'keys',
    'mint',
    '--org',
    id,
    '--name',
    'M',
    '--add',
    'key:write',
  ]);
  const server = await commands.startServer();
  const name = 'a\u001b[2J\u009b\u202eb\nc';
  const refused = await callTool(server.url, auth_token, 'mint_key', { scope_type: 'global', name });
  expect(refusalIn(refused)).toMatchObject({
    code: 'VALIDATION_ERROR',
    issues: [{ path: 'name', expected: expect.stringContaining('<U+001B>') }],
  });
  // A store of an older version holds what was accepted then.
  const keep = "UPDATE keys SET name = 'a' || char(27) || '[2J' || char(155, 8238) || 'b' || char(10) || 'c'";
  commands.tamper(`${keep} WHERE name = 'M'`);
  const { stdout } = await commands.run(['keys', 'list', '--org', id]);
  expect(stdout).toContain('a<U+001B>[2J<U+009B><U+202E>b<U+000A>c');
  const asJson = await commands.run(['keys', 'list', '--org', id, '--json']);
  expect(asJson.stdout).toContain('a\\u001b[2J\\u009b\\u202eb\\nc');
  const { keys } = JSON.parse(asJson.stdout);
  expect(keys.map((key: { name: string }) => key.name)).toContain(name);
});

test('a revoked key is refused at once; revoking it again changes nothing', async () => {
  const commands = createCommands();
  const { id, key } = await createOrganization(commands, 'Acme');
  const minter = await commands.json(['keys', 'mint', '--org', id, '--name', 'Minter', '--add', 'key:write']);
  const server = await commands.startServerApart();
  const child = await callTool(server.url, minter.auth_token, 'mint_key', {
    scope_type: 'global',
    name: 'Child',
  });
  const status = async () =>
    (await requestJson(`${server.url}/v1/whoami`, { key: minter.auth_token })).status;
  expect(await status()).toBe(200);

  const { code, stdout } = await commands.run(['keys', 'revoke', minter.key.id, '--org', id]);
  expect([code, await status()]).toEqual([0, 401]);
  expect(stdout).toMatch(/^Revoked Minter \(tnt_\w{8}\)\.\nIt made these keys/);
  expect(stdout).toContain(child.body.result.structuredContent.key.id);
  const { keys } = await commands.json(['keys', 'list', '--org', id, '--status', 'revoked']);
  expect(keys).toMatchObject([{ id: minter.key.id, revoked_by: 'cli', status: 'revoked' }]);
  const again = await commands.json(['keys', 'revoke', minter.key.id, '--org', id]);
  expect(again).toMatchObject({ changed: false, key: keys[0], created_keys: [{ name: 'Child' }] });
  expect((await requestJson(`${server.url}/v1/whoami`, { key })).status).toBe(200);

  const { events } = await commands.json(['audit', 'list', '--org', id]);
  const acts = events.filter((event: { tier: string }) => event.tier === 'cli');
  expect(acts.map(({ target }: { target: string }) => target)).toEqual([
    'keys revoke',
    'keys mint',
    'orgs create',
  ]);
  expect(acts[0].change).toEqual({ revoked: minter.key.id, prefix: minter.key.prefix });
});

test('a key of another organisation is as unknown as any', async () => {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const bolt = await createOrganization(commands, 'Bolt');
  const { keys } = await commands.json(['keys', 'list', '--org', acme.id]);
  const refusals = [];
  for (const keyId of [keys[0].id, 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'nonsense']) {
    refusals.push(await commands.run(['keys', 'revoke', keyId, '--org', bolt.id]));
  }
  expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
  expect(refusals[0]).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^KEY_NOT_FOUND: /),
  });
});

test('what cannot be minted is said, and nothing is made', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const mint = (...args: string[]) => commands.run(['keys', 'mint', '--org', id, '--name', 'x', ...args]);
  const refusals = await Promise.all([
    mint('--scopes', 'agent:fly'),
    commands.run(['keys', 'mint', '--org', unknownOrganization, '--name', 'x']),
    mint('--scopes', 'agent:read', '--add', 'key:read'),
    mint('--expires-in-days', '0'),
    mint('--expires-in-days', '1.5'),
    commands.run(['keys', 'mint', '--name', 'x']),
    commands.run(['keys', 'list', '--org', id, '--status', 'new']),
  ]);
  expect(refusals.map(({ code, stdout }) => [code, stdout])).toEqual(
    [1, 1, 2, 2, 2, 2, 2].map((code) => [code, '']),
  );
  expect(refusals[0]?.stderr).toMatch(/scopes: "agent:fly" is unknown.* Known: .*agent:search/);
  expect((await commands.json(['keys', 'list', '--org', id])).keys).toHaveLength(1);
  await commands.json(['orgs', 'delete', id]);
  expect(await mint()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('deleted') });
});

test('a key of a person is minted by the operator, for a member and nobody else', async () => {
  const commands = createCommands({ permissions: { research: ['agent:search'] } });
  const { id } = await createOrganization(commands, 'Acme');
  const { member } = await commands.json(['users', 'add', '--org', id, '--name', 'Ada']);
  const { group } = await commands.json(['groups', 'create', 'g', '--org', id, '--permissions', 'research']);
  await commands.json(['groups', 'add-member', group.group_id, member.user_id, '--org', id]);
  const mint = ['keys', 'mint', '--org', id, '--name', 'laptop', '--user'];
  const minted = await commands.json([...mint, member.user_id]);
  expect(minted.key).toMatchObject({ scope_type: 'user', user_id: member.user_id, is_default: false });
  const server = await commands.startServer();
  const { body } = await requestJson(`${server.url}/v1/whoami`, { key: minted.auth_token });
  expect(body).toMatchObject({ user_id: member.user_id, scopes: ['agent:search'] });
  for (const nobody of ['usr_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'ada']) {
    const refused = await commands.run([...mint, nobody]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^INVALID_USER: /) });
  }
});

test('a key pasted into a name is refused, and not repeated', async () => {
  const commands = createCommands();
  const { id, key } = await createOrganization(commands, 'Acme');
  for (const args of [
    ['keys', 'mint', '--org', id, '--name', key],
    ['orgs', 'create', `Acme ${key}`],
    ['orgs', 'create', 'Bolt', '--external-id', key],
  ]) {
    const { code, stdout, stderr } = await commands.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Expected a text without the plaintext of a key.');
    expect(stderr).not.toContain(key.slice(13));
  }
});
