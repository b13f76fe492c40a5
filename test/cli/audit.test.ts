import { expect, test } from 'vitest';
import { callTool, requestJson } from '../support/http.ts';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';

type Row = { readonly seq: number; readonly organization_id: string | null; readonly target: string };

/** Two organisations that asked a little, and one stranger. */
async function createTraffic(commands: Commands) {
  const acme = await createOrganization(commands, 'Acme');
  const bolt = await createOrganization(commands, 'Bolt');
  const server = await commands.startServer();
  await callTool(server.url, acme.key, 'search_agents', {});
  await callTool(server.url, acme.key, 'list_keys', {});
  await callTool(server.url, bolt.key, 'search_agents', {});
  await requestJson(`${server.url}/v1/whoami`, { key: 'tnt_nobody' });
  return { acme, bolt };
}

const rowsOf = (ndjson: string): Row[] => linesOf(ndjson).map((line) => JSON.parse(line));

test('the list has one line a row, newest first, of one organisation or for the operator of all', async () => {
  const commands = createCommands();
  const { acme, bolt } = await createTraffic(commands);
  const all = linesOf((await commands.run(['audit', 'list'])).stdout);
  const ask = (key: string) => `org-token:${key.slice(0, 12)} POST /mcp tools/call`;
  const created = (id: string) => `${id} cli orgs create 200 Nms {"organization":"${id}","status":"active"}`;
  expect(all.map((line) => line.replace(/^\S+Z /, '').replace(/\d+ms/, 'Nms'))).toEqual([
    `${'-'.padEnd(30)} none GET /v1/whoami 401 INVALID_TOKEN Nms {"reason":"malformed"}`,
    `${bolt.id} ${ask(bolt.key)} search_agents 200 Nms`,
    `${acme.id} ${ask(acme.key)} list_keys 403 INSUFFICIENT_SCOPE Nms`,
    `${acme.id} ${ask(acme.key)} search_agents 200 Nms`,
    created(bolt.id),
    created(acme.id),
  ]);
  const times = all.map((line) => line.split(' ')[0] ?? '');
  expect(times).toEqual([...times].sort().reverse());
  const ours = await commands.run(['audit', 'list', '--org', acme.id, '--limit', '2']);
  expect(linesOf(ours.stdout)).toEqual([all[2], all[3]].map((line) => line?.replace(` ${acme.id}`, '')));
  const none = await commands.run(['audit', 'list', '--tool', 'whoami']);
  expect(none).toEqual({ code: 0, stdout: '', stderr: 'No rows.\n' });
  expect(await commands.json(['audit', 'list', '--tool', 'whoami'])).toEqual({ events: [] });
});

test('the list shows what a row changed, cut where it is long', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const { key } = await commands.json(['keys', 'mint', '--org', id, '--name', 'W', '--add', 'key:read']);
  await commands.json(['keys', 'revoke', key.id, '--org', id]);
  const rows = linesOf((await commands.run(['audit', 'list', '--org', id])).stdout);
  const changes = rows.map((row) => row.slice(row.indexOf('ms ') + 3));
  expect(changes[0]).toBe(`{"revoked":"${key.id}","prefix":"${key.prefix}"}`);
  expect(changes[1]).toMatch(new RegExp(`^\\{"minted":"${key.id}".*…$`));
  expect(changes[1]).toHaveLength(120);
});

test('list and export choose the same rows by organisation, key, tool, code and time', async () => {
  const commands = createCommands();
  const { acme, bolt } = await createTraffic(commands);
  const { events } = await commands.json(['audit', 'list']);
  const [, , refused] = events;
  const choices: readonly (readonly [readonly string[], number])[] = [
    [['--org', acme.id], 3],
    [['--key-prefix', bolt.key.slice(0, 12)], 1],
    [['--tool', 'search_agents', '--org', bolt.id], 1],
    [['--code', 'INVALID_TOKEN'], 1],
    [['--since', refused.at, '--tool', 'search_agents'], 1],
    [['--until', refused.at], 3],
    [['--since', '2020-01-01', '--until', '2020-01-02T00:00:00+02:00'], 0],
  ];
  for (const [choice, count] of choices) {
    const [listed, exported] = await Promise.all([
      commands.json(['audit', 'list', ...choice]),
      commands.run(['audit', 'export', ...choice]),
    ]);
    expect([choice, listed.events.length]).toEqual([choice, count]);
    expect(rowsOf(exported.stdout)).toEqual(listed.events.reverse());
  }
});

test('an export is NDJSON, oldest first, with the head that proves it on standard error', async () => {
  const commands = createCommands();
  await createTraffic(commands);
  const { code, stdout, stderr } = await commands.runApart(['audit', 'export']);
  const rows = rowsOf(stdout);
  expect([code, rows.map(({ seq }) => seq)]).toEqual([0, [1, 2, 3, 4, 5, 6]]);
  const [head = '', ...others] = linesOf(stderr);
  expect([head, others]).toEqual([expect.stringMatching(/^6:[0-9a-f]{64}$/), []]);
  const verified = await commands.run(['audit', 'verify', '--head', head]);
  expect(verified).toMatchObject({ code: 0, stdout: `ok: 6 rows, head ${head}\n`, stderr: '' });
  const document = await commands.run(['audit', 'export', '--json']);
  expect(JSON.parse(document.stdout)).toEqual({ head, events: rows });
});

test('verify names the first row that was changed or removed', async () => {
  const commands = createCommands();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await createOrganization(commands, name);
  const head = linesOf((await commands.run(['audit', 'export'])).stderr)[0] ?? '';
  const verify = (...args: string[]) => commands.run(['audit', 'verify', ...args]);
  const broken = (row: number, problem: string) => ({
    code: 1,
    stdout: '',
    stderr: `BROKEN at row ${row}: ${problem}.\n`,
  });

  commands.tamper("UPDATE audit SET target = 'orgs list' WHERE seq = 4");
  expect(await verify()).toMatchObject(broken(4, 'a row was changed'));
  commands.tamper("UPDATE audit SET target = 'orgs create' WHERE seq = 4");
  expect(await verify('--head', head)).toMatchObject({ code: 0 });
  commands.tamper('DELETE FROM audit WHERE seq = 5');
  expect(await verify()).toMatchObject({ code: 0 });
  expect(await verify('--head', head)).toMatchObject(broken(5, 'the chain does not reach the head given'));
  commands.tamper('DELETE FROM audit WHERE seq = 2');
  expect(await verify()).toMatchObject(broken(2, 'a row is missing'));
  const { code, stdout, stderr } = await commands.run(['audit', 'verify', '--json']);
  expect([code, stderr]).toEqual([1, '']);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, broken_at: 2, problem: 'a row is missing' });
});

test('verify reports a write that was announced and never closed', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const args = ['keys', 'mint', '--org', id, '--name', 'W', '--add', 'research_group:write'];
  const { auth_token } = await commands.json(args);
  const server = await commands.startServer();
  await callTool(server.url, auth_token, 'create_research_group', {
    name: 'Nobody',
    agent_ids: ['agt_01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  });
  const { events } = await commands.json(['audit', 'list', '--limit', '2']);
  expect(events.map(({ kind }: { kind: string }) => kind)).toEqual(['call', 'intent']);
  expect(await commands.json(['audit', 'verify'])).toMatchObject({ ok: true, open_intents: [] });
  commands.tamper(`DELETE FROM audit WHERE seq = ${events[0].seq}`);
  const { code, stdout } = await commands.run(['audit', 'verify']);
  expect(code).toBe(0);
  expect(stdout).toContain(`open intent: ${events[1].request_id} `);
});

test.for([
  'list --limit 0',
  'list --since yesterday',
  'list --code FOO',
  'export --code UNKNOWN_TOL',
  'export --until 2026-13-01',
  'verify --head 12',
  'prune --before 2026-01-01',
  'prune --before 2099-01-01 --out old.ndjson',
])('a command line that is wrong ends with 2 and its sentence: audit %s', async (line) => {
  const ended = await createCommands().run(['audit', ...line.split(' ')]);
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: /) });
});

test('a list whose reader goes away ends quietly', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  commands.tamper(`
    WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO audit (seq, kind, at, request_id, tier, method, target, status, duration_ms, hash)
    SELECT i, kind, at, request_id, tier, method, target, status, duration_ms, hash FROM audit, n WHERE seq = 1`);
  for (const command of ['list --limit 10000', 'export']) {
    const ended = await commands.runUnread(['audit', ...command.split(' ')]);
    expect([command, ended.code, ended.stderr]).toEqual([command, 1, '']);
  }
});
