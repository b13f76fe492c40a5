import { expect, test } from 'vitest';
import { canonicalTools } from '../support/client-checks.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';
import { closedUrl, startStranger } from './proxy.ts';

async function start() {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const { url } = await commands.startServer();
  const env = { TENANTRY_API_KEY: acme.key, TENANTRY_URL: `${url}/mcp` };
  const call = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    commands.run(['call', ...args], { ...env, ...more });
  return { commands, acme, url, call };
}

test('a tool is called for the organisation of the key, and its answer printed as JSON', async () => {
  const { commands, acme, url, call } = await start();
  const env = { TENANTRY_API_KEY: acme.key, TENANTRY_URL: `${url}/mcp` };
  const pretty = await commands.runApart(['call', 'whoami'], env);
  expect(pretty).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(pretty.stdout).organization).toEqual({ organization_id: acme.id, name: 'Acme' });
  expect(pretty.stdout.startsWith('{\n  "organization": {\n')).toBe(true);
  const other = ['--url', `${url}/o/${acme.id}/mcp`, '--org', acme.id];
  const compact = await call(['whoami', '{}', '--json', ...other], { TENANTRY_URL: 'http://127.0.0.1:9' });
  expect(compact).toMatchObject({ code: 0, stdout: `${JSON.stringify(JSON.parse(pretty.stdout))}\n` });
  const listed = await call(['list_research_groups', '{"limit":1}', '--json']);
  expect(listed).toMatchObject({ code: 0, stdout: '{"research_groups":[],"next_cursor":null}\n' });
});

test('without a tool the tools that the key may call are listed', async () => {
  const { call } = await start();
  const { code, stdout, stderr } = await call([]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [header, ...rows] = linesOf(stdout).map((line) => line.split(/ {2,}/));
  expect(header).toEqual(['TOOL', 'TITLE']);
  expect(rows).toEqual(canonicalTools.map(({ name, title }) => [name, title]));
  const json = await call(['--json']);
  expect(json).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(json.stdout)).toEqual({
    tools: canonicalTools.map(({ name, title }) => ({ name, title })),
  });
});

test('a refusal is its code and sentence on standard error, and exit code 1', async () => {
  const { commands, url, call } = await start();
  const bolt = await createOrganization(commands, 'Bolt');
  const refusals = await Promise.all([
    call(['list_keys']),
    call(['no_such_tool']),
    call(['search_agents', '{"limit":1000}']),
    call(['get_agent', '{"agent_id":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"}']),
    call(['search_agents', '{"organization_id":"x"}']),
    call(['whoami'], { TENANTRY_API_KEY: 'tnt_nobody' }),
    call(['whoami', '--org', bolt.id]),
    call(['whoami'], { TENANTRY_ORGANIZATION_ID: unknownOrganization }),
  ]);
  expect(refusals.map(({ code, stdout }) => [code, stdout])).toEqual(refusals.map(() => [1, '']));
  const sentences = refusals.map(({ stderr }) => stderr.replace(/ \(request [0-9a-f-]{36}\)\.?|\n$/g, ''));
  const advised = (sentence: string, advice: string) =>
    expect.stringMatching(new RegExp(`^${sentence}\\. Tried: ${url}/mcp\\. Probably: ${advice}.*\\.$`));
  const mismatch = 'ORGANIZATION_MISMATCH: The credential cannot act for the organisation named';
  expect(sentences).toEqual([
    advised('INSUFFICIENT_SCOPE: The credential lacks a scope that this needs: key:read\\. .*', 'mint a key'),
    'UNKNOWN_TOOL: There is no such tool.',
    expect.stringMatching(/^VALIDATION_ERROR: limit: /),
    'NOT_FOUND: There is no agent with this agent_id.',
    expect.stringMatching(/^ORGANIZATION_IN_ARGUMENTS: /),
    advised('INVALID_TOKEN: The credential is not valid', 'the key is mistyped, revoked'),
    advised(mismatch, 'the key is for another organisation; correct --org'),
    advised(mismatch, 'the key is for another organisation; correct --org'),
  ]);
});

test('what cannot be tried is said, and nothing is sent', async () => {
  const commands = createCommands();
  const key = { TENANTRY_API_KEY: 'tnt_any' };
  const run = (args: readonly string[], env: Readonly<Record<string, string>>) =>
    commands.run(['call', 'whoami', ...args], env);
  const refusals = await Promise.all([
    run(['[1]'], key),
    run(['{'], key),
    run(['--url', 'ftp://127.0.0.1/mcp'], key),
    run(['--url', 'http://me:secret@127.0.0.1/mcp'], key),
    run(['--org', 'acme'], key),
    run([], {}),
    run([], { TENANTRY_API_KEY: 'tnt_any\nX-Other: 1' }),
  ]);
  expect(refusals.map(({ code, stdout }) => [code, stdout])).toEqual(
    [2, 2, 2, 2, 2, 1, 1].map((code) => [code, '']),
  );
  const [array, , scheme, , org, missing, twoLines] = refusals.map(({ stderr }) => stderr);
  expect(array).toMatch(/^\[json\]: expected a JSON object/);
  expect(scheme).toMatch(/^--url or TENANTRY_URL: expected/);
  expect(org).toMatch(/^--org or TENANTRY_ORGANIZATION_ID: expected/);
  expect(missing).toBe('TENANTRY_API_KEY is not set; set it to a key of the organisation.\n');
  expect(twoLines).toMatch(/not one key/);
});

test('where nothing listens, or something else does, the answer is one line', async () => {
  const commands = createCommands();
  const stranger = await startStranger(502, { 'content-type': 'text/html' });
  const elsewhere = await startStranger(302, { location: 'http://127.0.0.1:9/mcp' });
  for (const [url, sentence] of [
    [await closedUrl(), /ECONNREFUSED.*Probably: nothing listens there; start it with "tenantry serve"/],
    [stranger, /HTTP 502.*Probably: the answer is not of Tenantry/],
    [elsewhere, /redirected to http:\/\/127.0.0.1:9\/mcp.*Probably: .*final address/],
  ] as const) {
    const env = { TENANTRY_API_KEY: 'tnt_any', TENANTRY_URL: `${url}/mcp` };
    const { code, stdout, stderr } = await commands.run(['call', 'whoami'], env);
    expect([code, stdout, linesOf(stderr)]).toEqual([1, '', [expect.stringMatching(sentence)]]);
    expect(stderr).toContain(`. Tried: ${url}/mcp. Probably: `);
  }
});
