import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir, writeConfig } from '../support/fresh-start.ts';
import { startUpstream } from '../support/upstream-http.ts';
import { createCommands, createOrganization, linesOf } from './commands.ts';
import { runHere } from './in-process.ts';

test('a name that nearly is one is offered', async () => {
  const commands = createCommands({ permissions: { research: ['agent:search'], admin: '*' } });
  const acme = await createOrganization(commands, 'Acme');
  const org = ['--org', acme.id];
  const said = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await commands.run(args);
    expect(stdout).toBe('');
    return [code, stderr.replaceAll(/\s+/g, ' ')];
  };
  expect(await said(['kes', 'list'])).toEqual([2, expect.stringContaining('Did you mean keys?')]);
  expect(await said(['keys', 'mnit'])).toEqual([2, expect.stringContaining('Did you mean mint?')]);
  expect(await said(['keys', 'list', ...org, '--statsu', 'x'])).toEqual([
    2,
    expect.stringContaining('unknown option "--statsu"; did you mean "--status"?'),
  ]);
  const missed = ['keys', 'mint', ...org, '--nmae', 'x'];
  expect(await said(missed)).toEqual([
    2,
    expect.stringContaining('unknown option "--nmae"; did you mean "--name"?'),
  ]);
  expect(await said(['bogus'])).toEqual([2, "error: unknown command 'bogus' Add --help for what there is. "]);
  const wrongScope = ['keys', 'mint', ...org, '--name', 'x', '--scopes', 'agent:read,agent:serch'];
  expect(await said(wrongScope)).toEqual([
    1,
    expect.stringMatching(
      /^VALIDATION_ERROR: --scopes: "agent:serch" is unknown, did you mean "agent:search"\? Known: /,
    ),
  ]);
  const extra = ['keys', 'mint', ...org, '--name', 'x', '--add', 'key:wrte'];
  expect(await said(extra)).toEqual([
    1,
    expect.stringContaining('"key:wrte" is unknown, did you mean "key:write"?'),
  ]);
  expect(await said(['keys', 'list', '--org', 'acme'])).toEqual([
    1,
    `NOT_FOUND: Not an organisation id: "acme"; expected org_ and 26 characters. "tenantry orgs list" shows those in ${join(commands.dir, 'data', 'tenantry.db')}. `,
  ]);
  expect((await commands.run(['-v'])).stdout).toBe('0.0.0-test\n');
});

test('a permission that no configuration maps is told, with those that are mapped', async () => {
  const commands = createCommands({ permissions: { research: ['agent:search'], admin: '*' } });
  const acme = await createOrganization(commands, 'Acme');
  const org = ['--org', acme.id];
  const created = await commands.run(['groups', 'create', 'A', ...org, '--permissions', 'reserch', '--json']);
  expect([created.code, created.stderr]).toEqual([
    0,
    'warning: "permissions" of the configuration maps no such name, so it allows nothing: "reserch" is unknown, did you mean "research"? Known: research, admin\n',
  ]);
  const { group_id } = JSON.parse(created.stdout).group;
  expect((await commands.run(['groups', 'grant', group_id, 'admn', ...org])).stderr).toContain(
    'did you mean "admin"?',
  );
  expect((await commands.run(['groups', 'grant', group_id, 'admin', ...org])).stderr).toBe('');
  expect((await commands.run(['groups', 'revoke', group_id, 'admn', ...org])).stderr).toBe('');
});

test('a tool is explained by its own schema, and a mistyped one by what the key may call', async () => {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const { url } = await commands.startServer();
  const env = { TENANTRY_API_KEY: acme.key, TENANTRY_URL: `${url}/mcp` };
  const call = (...args: string[]) => commands.run(['call', ...args], env);
  const help = await call('search_agents', '--help');
  expect([help.code, help.stderr]).toEqual([0, '']);
  const lines = linesOf(help.stdout);
  expect(lines[0]).toBe('search_agents: Search agents');
  expect(lines.find((line) => line.startsWith('  limit'))).toMatch(
    /integer .*\(at least 1, at most 100, default 20\)/,
  );
  expect(lines.find((line) => line.startsWith('  tags'))).toContain('list of string');
  const required = await call('get_agent', '-h');
  expect(required.stdout).toMatch(/^ {2}agent_id +string +required/m);
  expect(required.stdout).toContain(`tenantry call get_agent '{"agent_id":"…"}'`);
  expect(JSON.parse((await call('get_agent', '--help', '--json')).stdout).inputSchema.required).toEqual([
    'agent_id',
  ]);
  expect((await call('--help')).stdout).toContain('Usage: tenantry call');
  expect((await commands.run(['call', '--help'])).code).toBe(0);

  expect((await call('serch_agents', '--help')).stderr).toContain('did you mean "search_agents"?');
  const close = await call('serch_agents');
  expect([close.code, close.stderr]).toEqual([
    1,
    expect.stringContaining('UNKNOWN_TOOL: There is no such tool; did you mean search_agents?'),
  ]);
  // The default key may not list keys, so nobody tells it of the tool that does.
  expect((await call('rotate_kye')).stderr).toMatch(
    /^UNKNOWN_TOOL: There is no such tool\. \(request \S+\)$/m,
  );
  const field = await call('search_agents', '{"qery":"nurse"}');
  expect(field.stderr).toContain(
    'VALIDATION_ERROR: "qery" is unknown, did you mean "query"? Known: query, country',
  );
  const broken = await call('search_agents', '{"query": nurse}');
  expect([broken.code, broken.stderr]).toEqual([
    2,
    expect.stringMatching(
      /^\[json\]: expected a JSON object .*; Unexpected token 'r', "{"query": nurse}" is not valid JSON$/m,
    ),
  ]);
});

test('every mistake is told in one round: settings, secrets, scopes, documents and credentials', async () => {
  const { dir, file } = writeConfig({
    demo: 'yes',
    surprise: 1,
    permissions: { a: ['no:such'] },
    scopes: { catalogue: ['agent:read', 'Bad Scope'], canonical: ['agent:raed'] },
    server: { prot: 8080 },
    builtinTools: false,
    tools: './mine.js',
    downstreams: [
      {
        prefix: 'first',
        openapi: './absent.json',
        url: 'https://api.example.com',
        scopes: { methods: { get: 'agent:read', pots: 'agent:read' }, tags: { x: 'wrong scope' } },
        credential: { environment: 'FIRST_TOKEN' },
      },
      { prefix: 'second', openapi: './broken.json', scopes: { methods: { get: 'agent:read' } }, time: 1 },
      { prefix: 'fourth', mcp: (await startUpstream()).url, scopes: { sayAgian: 'agent:read' } },
      { prefix: 'third', mcp: { command: join(temporaryDir(), 'no-such-program') }, scopes: {} },
    ],
  });
  writeFileSync(join(dir, 'broken.json'), '{"openapi": "2');
  const env = { TENANTRY_CONFIG: file, METRICS_TOKEN: 'short', TENANTRY_DATADIR: '/tmp', LOG_LEVEL: 'lout' };
  const { code, stdout, stderr } = await runHere(['serve'], env, dir);
  expect([code, stdout]).toEqual([78, '']);
  for (const mistake of [
    /^ {2}demo: expected true or false, not a text$/m,
    /^ {2}\(the file\): "surprise" is unknown\. Known: /m,
    /^ {2}server: "prot" is unknown, did you mean "port"\? Known: host, port/m,
    /^ {2}scopes\.catalogue\.1: expected a scope such as "agent:read"$/m,
    /^ {2}downstreams\.0\.scopes\.tags\.x: expected a scope such as "agent:read"$/m,
    /^ {2}downstreams\.0\.scopes\.methods: "pots" is unknown, did you mean .*"post".* Known: get, post, /m,
    /^ {2}downstreams\.1: "time" is unknown.* Known: prefix, openapi/m,
    /^ {2}LOG_LEVEL: expected "trace", "debug", /m,
    /^ {2}METRICS_TOKEN: expected at least 32 bytes$/m,
    /^ {2}TENANTRY_DATADIR: expected one of .*; did you mean "TENANTRY_DATA_DIR"\?$/m,
    /^ {2}FIRST_TOKEN: expected the credential/m,
    /^ {2}downstreams first: .*absent\.json/m,
    /^ {2}downstreams second: .*broken\.json/m,
    /^ {2}tools: expected a module/m,
    /^ {2}downstreams fourth: scopes: .*"sayAgian"; did you mean "sayAgain"\?$/m,
  ]) {
    expect(stderr).toMatch(mistake);
  }
  expect(stderr).not.toMatch(/Invalid|received|Unrecognized|Too small/);
  // Nor is anything made, such as the approval of what a server says.
  expect(readdirSync(dir).sort()).toEqual(['broken.json', 'mcp.config.json']);
});

const document = {
  openapi: '3.1.0',
  info: { title: 'Desk', version: '1' },
  paths: {
    '/tickets': {
      get: { operationId: 'list', tags: ['tickets'], responses: { 200: { description: 'All' } } },
    },
  },
};

test('a mistake against another setting is reported in the same round, though both are wrong', async () => {
  const { dir, file } = writeConfig({
    scopes: { catalogue: ['ticket:read'] },
    keys: { brand: 'X' },
    tools: './mine.js',
    downstreams: [
      { openapi: './absent.json', url: 'ftp://x', scopes: {}, credential: { environment: 'FIRST_TOKEN' } },
      {
        prefix: 'second',
        openapi: './desk.json',
        url: 'https://api.example.com',
        scopes: { tags: { tikets: 'ticket:read' } },
      },
      { prefix: 'third', openapi: './desk.json', scopes: { tags: { tickets: 'Bad' } }, slashes: ['x'] },
      {
        prefix: 'fourth',
        openapi: './gone.json',
        credential: { environment: 'FOURTH_TOKEN' },
        organization: { in: 'x' },
      },
      { prefix: 'fourth', openapi: './desk.json', scopes: {}, credential: { environment: 'fifth' } },
    ],
  });
  writeFileSync(join(dir, 'desk.json'), JSON.stringify(document));
  const { code, stderr } = await runHere(['serve'], { TENANTRY_CONFIG: file }, dir);
  expect(code).toBe(78);
  for (const mistake of [
    /^ {2}keys\.brand: /m,
    /^ {2}scopes\.canonical: expected those scopes of your own catalogue .* research_group:read, .*not in it$/m,
    /^ {2}scopes\.catalogue: the tools of the shipped platform ask for agent:search, .*"builtinTools": false/m,
    /^ {2}tools: expected a module/m,
    /^ {2}downstreams\.0\.prefix is required$/m,
    /^ {2}downstreams\.0\.url: expected a URL/m,
    /^ {2}downstreams downstream0: openapi: .*absent\.json/m,
    /^ {2}FIRST_TOKEN: expected the credential/m,
    /^ {2}downstreams second: scopes\.tags: .*"tikets"; did you mean "tickets"\?$/m,
    /^ {2}downstreams second: organization: expected the name of a parameter .*"organization_id"/m,
    /^ {2}downstreams\.2\.scopes\.tags\.tickets: expected a scope/m,
    /^ {2}downstreams third: openapi: .*expected an absolute https address/m,
    /^ {2}downstreams third: slashes: expected a parameter in the path .*"x"$/m,
    /^ {2}downstreams\.3\.scopes is required$/m,
    /^ {2}downstreams\.3\.organization\.in: expected "query"/m,
    /^ {2}downstreams fourth: openapi: .*gone\.json/m,
    /^ {2}FOURTH_TOKEN: expected the credential/m,
    /^ {2}downstreams\.4\.prefix: expected a prefix of its own$/m,
    /^ {2}downstreams\.4\.credential\.environment: expected a name/m,
  ]) {
    expect(stderr).toMatch(mistake);
  }
});

test("a catalogue of one's own without the scopes of the shipped tools is one line that says what to type", async () => {
  const scopes = { catalogue: ['ticket:read'], canonical: ['ticket:read'] };
  const { dir, file } = writeConfig({ scopes });
  const said = async () => linesOf((await runHere(['serve'], { TENANTRY_CONFIG: file }, dir)).stderr);
  expect(await said()).toEqual([
    'The configuration is not valid:',
    expect.stringMatching(
      /^ {2}scopes\.catalogue: the tools of .*set "builtinTools": false to do without them/,
    ),
  ]);
  writeFileSync(file, JSON.stringify({ scopes: { catalogue: ['ticket:read'] }, builtinTools: false }));
  expect(await said()).toEqual([
    'The configuration is not valid:',
    expect.stringMatching(/^ {2}scopes\.canonical: expected those scopes of your own catalogue/),
  ]);
});

test('a file that is no JSON hides no mistake of the environment', async () => {
  const { dir, file } = writeConfig('{ "demo": tru');
  const env = { TENANTRY_CONFIG: file, PORT: 'eighty', METRICS_TOKEN: 'short', TENANTRY_DATADIR: '/tmp' };
  const { code, stderr } = await runHere(['orgs', 'list'], env, dir);
  expect(code).toBe(78);
  for (const mistake of [
    /mcp\.config\.json: expected JSON/,
    /^ {2}PORT: /m,
    /^ {2}METRICS_TOKEN: /m,
    /DATADIR: /,
  ]) {
    expect(stderr).toMatch(mistake);
  }
});

test('without a configuration file it is the demo, in this folder, and the other commands go on from there', async () => {
  const dir = temporaryDir();
  const served = await runHere(['serve'], {}, dir);
  expect(served.code).toBe(0);
  expect(served.stderr).toContain('this is the demo');
  expect(served.stderr).toContain('Acme Research');
  expect(readdirSync(dir)).toEqual(['data']);
  expect((await runHere(['orgs', 'list'], {}, dir)).stdout).toContain('Bolt Labs');
  const public_ = await runHere(['serve'], { HOST: '0.0.0.0' }, dir);
  expect([public_.code, public_.stderr]).toEqual([78, expect.stringContaining('demo: expected false')]);
  const named = await runHere(['serve'], { TENANTRY_CONFIG: 'absent.json' }, dir);
  expect([named.code, named.stderr]).toEqual([
    78,
    expect.stringContaining('absent.json: expected a readable file'),
  ]);
  expect(existsSync(join(dir, 'mcp.config.json'))).toBe(false);
});
