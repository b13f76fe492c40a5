import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { callTool } from '../support/http.ts';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';
import { runHere } from './in-process.ts';

const DAY_MS = 86_400_000;

/** The rows as they would be, had the key been made and last used so many days ago. */
function age(commands: Commands, keyId: string, createdDays: number, usedDays: number | null): void {
  const at = (days: number | null) => (days === null ? 'NULL' : Date.now() - days * DAY_MS);
  commands.tamper(
    `UPDATE keys SET created_at = ${at(createdDays)}, last_used_at = ${at(usedDays)} WHERE id = '${keyId}'`,
  );
}

async function start() {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const mint = async (name: string, ...args: string[]) => {
    const known = ['--owner', 'Ann', '--purpose', 'nightly', '--expires-in-days', '400'];
    const given = known.filter((_, index) => !args.includes(known[index - (index % 2)] ?? ''));
    const { key } = await commands.json(['keys', 'mint', '--org', id, '--name', name, ...given, ...args]);
    return key;
  };
  const [defaultKey] = (await commands.json(['keys', 'list', '--org', id])).keys;
  const review = async (...args: string[]) => {
    const { code, stdout, stderr } = await commands.run(['keys', 'review', '--org', id, '--json', ...args]);
    expect(stderr).toBe('');
    return { code, findings: JSON.parse(stdout).findings };
  };
  return { commands, id, mint, defaultKey, review };
}

test('a person reads what is wrong, the worst first, and under it what to do', async () => {
  const { commands, id, mint, defaultKey } = await start();
  age(commands, defaultKey.id, 0, 0);
  const stale = await mint('Old robot of a name too long');
  age(commands, stale.id, 200, 95);
  const bare = await mint('Bare', '--owner', 'operator', '--expires-in-days', 'never');
  const { code, stdout } = await commands.run(['keys', 'review', '--org', id]);
  expect(code).toBe(1);
  const today = new Date().toISOString().slice(0, 10);
  const used = new Date(Date.now() - 95 * DAY_MS).toISOString().slice(0, 10);
  const lines = linesOf(stdout);
  expect(lines.slice(0, 3)).toEqual([
    '4 findings: 1 high, 3 medium',
    '',
    expect.stringMatching(/^# +SEVERITY +FINDING +KEY +NAME +OWNER +AGE +LAST USED +EXPIRES$/),
  ]);
  const cells = lines.slice(3, 7).map((line) => line.split(/ {2,}/));
  const until = stale.expires_at.slice(0, 10);
  expect(cells.map((row) => row.slice(0, -1))).toEqual([
    ['1', 'high', 'not used for 95 days', stale.prefix, 'Old robot of a name…', 'Ann', '200d', used],
    ['2', 'medium', 'never expires', bare.prefix, 'Bare', '-', '0d', 'never'],
    ['3', 'medium', 'nobody named as owner', bare.prefix, 'Bare', '-', '0d', 'never'],
    ['4', 'medium', 'nobody named as owner', defaultKey.prefix, 'Default key *', '-', '0d', today],
  ]);
  expect(cells.map((row) => row.at(-1))).toEqual([until, 'never', 'never', 'never']);
  for (const line of lines.slice(0, 7)) expect(line.length).toBeLessThanOrEqual(133);
  expect(lines.slice(8, 11)).toEqual([
    'What to do:',
    expect.stringMatching(/^ {2}1 {2}Revoke it.*\.$/),
    `     npx tenantry keys revoke ${stale.id} --org ${id}`,
  ]);
  expect(lines).toHaveLength(9 + 2 * 4);
});

test('it ends with 1 where something is of the highest severity, with 0 where not', async () => {
  const { commands, id, defaultKey, mint, review } = await start();
  expect((await review()).code).toBe(0);
  await commands.run(['keys', 'update', defaultKey.id, '--org', id, '--owner', 'Ann']);
  expect(await commands.run(['keys', 'review', '--org', id])).toMatchObject({
    code: 0,
    stdout: 'Nothing to do: no key needs attention.\n',
  });
  const idle = await mint('Idle', '--scopes', '');
  age(commands, idle.id, 40, 35);
  expect(await review()).toMatchObject({ code: 0, findings: [{ finding: 'unused', severity: 'medium' }] });
  expect(await review('--unused-days', '36')).toMatchObject({ code: 0, findings: [] });
  age(commands, idle.id, 100, 90);
  expect(await review()).toMatchObject({ code: 1, findings: [{ finding: 'stale', severity: 'high' }] });
});

test('only a terminal gets colour, and none where NO_COLOR asks for none', async () => {
  const { commands, id, mint } = await start();
  age(commands, (await mint('Old')).id, 100, 100);
  const run = (isTerminal: boolean, noColor?: string) =>
    runHere(
      ['keys', 'review', '--org', id],
      { TENANTRY_CONFIG: join(commands.dir, 'mcp.config.json'), NO_COLOR: noColor },
      commands.dir,
      { isTerminal },
    );
  const plain = await run(false);
  const colored = await run(true);
  expect(plain.stdout).not.toContain('\u001b');
  expect(colored.stdout).toContain('\n1  \u001b[31mhigh\u001b[39m      ');
  expect(colored.stdout).toContain('\u001b[33mmedium');
  expect(stripVTControlCharacters(colored.stdout)).toBe(plain.stdout);
  expect((await run(true, '1')).stdout).toBe(plain.stdout);
  expect((await run(true, '')).stdout).toBe(colored.stdout);
});

test('a name that another wrote cannot paint, move the cursor or look like a severity', async () => {
  const { commands, id, mint } = await start();
  const key = await mint('x');
  age(commands, key.id, 100, 100);
  commands.tamper(`UPDATE keys SET name = 'a' || char(27) || '[31m high' WHERE id = '${key.id}'`);
  const { stdout } = await commands.run(['keys', 'review', '--org', id]);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toContain('a<U+001B>[31m high');
});

test('each finding of a key goes away with the one command that it names', async () => {
  const { commands, id, mint, review, defaultKey } = await start();
  const server = await commands.startServer();
  const { key: partly, auth_token } = await commands.json([
    ...['keys', 'mint', '--org', id, '--name', 'Partly', '--scopes', 'agent:search,agent:read'],
    ...['--owner', 'Ann', '--purpose', 'search', '--expires-in-days', '400'],
  ]);
  await callTool(server.url, auth_token, 'search_agents');
  age(commands, partly.id, 40, 0);
  age(commands, (await mint('Stale')).id, 100, 100);
  age(commands, (await mint('Unused')).id, 50, 40);
  await mint('Bare', '--owner', 'operator', '--expires-in-days', 'never');
  const ending = await mint('Ending', '--expires-in-days', '5');
  age(commands, ending.id, 10, 0);
  const ended = await mint('Ended');
  commands.tamper(`UPDATE keys SET expires_at = 1 WHERE id = '${ended.id}'`);
  const drifted = await mint('Drifted');
  const scopes = JSON.stringify([...drifted.scopes.slice(1), 'billing:read']);
  commands.tamper(`UPDATE keys SET scopes = '${scopes}' WHERE id = '${drifted.id}'`);
  commands.tamper(`UPDATE keys SET purpose = NULL WHERE name = 'Bare'`);

  const { findings } = await review();
  const kinds = findings.map(({ finding }: { finding: string }) => finding);
  expect(new Set(kinds)).toEqual(
    new Set([
      ...['stale', 'expires_soon', 'unused', 'never_expires', 'scopes_unused', 'owner_unknown'],
      ...['canonical_drift', 'no_purpose', 'expired'],
    ]),
  );
  for (const { finding, key_id, command } of findings) {
    const [program, ...args] = command.replace(/<\w+>/, 'Ann').split(' ');
    expect(program).toBe('tenantry');
    await commands.json(args);
    const left = (await review()).findings;
    const same = left.filter((each: typeof findings) => each.key_id === key_id && each.finding === finding);
    expect([finding, same]).toEqual([finding, []]);
  }
  expect((await review()).findings).toEqual([]);
  const { keys } = await commands.json(['keys', 'list', '--org', id, '--status', 'active']);
  const narrowed = keys.find(({ replaces }: { replaces: string }) => replaces === partly.id);
  expect(narrowed).toMatchObject({ scopes: ['agent:search'], owner: 'Ann' });
  const renewed = keys.find(({ replaces }: { replaces: string }) => replaces === drifted.id);
  expect(renewed).toMatchObject({ scopes: defaultKey.scopes, scope_source: 'canonical' });
});

test('every key is judged, however many', async () => {
  const { commands, id, review } = await start();
  commands.tamper(`
    WITH RECURSIVE n(i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE i < 2200)
    INSERT INTO keys
      (id, organization_id, hash, name, prefix, scope_type, scopes, scope_source, is_default, owner, created_by,
       created_at)
    SELECT 'key_01ARZ3NDEKTSV4RRFFQ69G' || i, organization_id, randomblob(32), 'Copy', 'tnt_0000' || i,
      scope_type, scopes, 'explicit', 0, owner, created_by, 1
    FROM keys, n WHERE organization_id = '${id}'`);
  const { findings } = await review();
  const stale = findings.filter(({ finding }: { finding: string }) => finding === 'stale');
  expect(new Set(stale.map(({ key_id }: { key_id: string }) => key_id)).size).toBe(1201);
});

test('a command line that is wrong is said, and an organisation that is not there', async () => {
  const { commands, id } = await start();
  for (const args of [[], ['--org', id, '--unused-days', '0'], ['--org', id, '--unused-days', '366']]) {
    expect(await commands.run(['keys', 'review', ...args])).toMatchObject({ code: 2, stdout: '' });
  }
  expect(await commands.run(['keys', 'review', '--org', 'org_nobody'])).toMatchObject({
    code: 1,
    stdout: '',
  });
});

test('what a suspended organisation lacks is not missed, since it would get nothing', async () => {
  const { commands, id, defaultKey, review } = await start();
  await commands.run(['keys', 'revoke', defaultKey.id, '--org', id]);
  expect(await review()).toMatchObject({ code: 1, findings: [{ finding: 'default_key_missing' }] });
  await commands.run(['orgs', 'suspend', id]);
  expect(await review()).toEqual({ code: 0, findings: [] });
});
