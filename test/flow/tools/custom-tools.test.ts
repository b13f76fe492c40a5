import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { AppError, delay } from '../../../src/tool/public.ts';
import { prepareTools } from '../../../src/tool-sources/prepare-tools.ts';
import { platformTools, tools as shipped } from '../../../tools/index.ts';
import { machineClock } from '../../support/clocks.ts';
import { readDemo, root, temporaryDir, writeConfig } from '../../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { startProgram, startServer } from '../../support/program.ts';
import { refusalIn } from '../../support/refusal.ts';

const example = join(root, 'examples/custom-tools/mcp.config.json');

test('the example serves its tools beside ours: listed, gated, bound, audited', async () => {
  const env = { TENANTRY_CONFIG: example, TENANTRY_DATA_DIR: temporaryDir() };
  const server = await startServer(env, root);
  const { defaultKeys, managerKeys } = readDemo(server.seen.stderr);
  const [acme = '', bolt = ''] = defaultKeys;
  const listed = (await rpc(server.url, acme, 'tools/list')).body.result.tools;
  expect(listed.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['introduce_agent', 'roll_dice']),
  );
  const found = await callTool(server.url, acme, 'search_agents', { limit: 1 });
  const { agent_id, name } = found.body.result.structuredContent.agents[0];
  const introduced = await callTool(server.url, acme, 'introduce_agent', { agent_id });
  expect(introduced.body.result.structuredContent).toEqual({
    introduction: expect.stringContaining(name),
    on_behalf_of: 'Acme Research',
  });
  const onRest = await requestJson(`${server.url}/v1/introductions/${agent_id}`, { key: acme });
  expect(onRest.body).toEqual(introduced.body.result.structuredContent);
  // Of another organisation it is as unknown as any: the tool has no way to ask for it.
  expect(refusalIn(await callTool(server.url, bolt, 'introduce_agent', { agent_id })).code).toBe('NOT_FOUND');

  const rolled = await callTool(server.url, acme, 'roll_dice', { dice: 3 });
  expect(rolled.body.result.structuredContent.rolls).toHaveLength(3);
  expect(refusalIn(await callTool(server.url, acme, 'roll_dice', { dice: 10, sides: 100 }))).toMatchObject({
    code: 'VALIDATION_ERROR',
  });
  for (const args of [{ dice: 0 }, { dice: 'x' }, { more: 1 }, { organization_id: 'x' }]) {
    const code = refusalIn(await callTool(server.url, acme, 'roll_dice', args)).code;
    expect(['VALIDATION_ERROR', 'ORGANIZATION_IN_ARGUMENTS']).toContain(code);
  }
  const manager = managerKeys[0] ?? '';
  const minted = await callTool(server.url, manager, 'mint_key', {
    scope_type: 'global',
    name: 'x',
    scopes: ['agent:read'],
  });
  const narrow = minted.body.result.structuredContent.auth_token;
  const refused = await callTool(server.url, narrow, 'roll_dice');
  expect([refused.status, refusalIn(refused)]).toMatchObject([
    403,
    { code: 'INSUFFICIENT_SCOPE', required: ['dice:roll'] },
  ]);
  const { events } = (await requestJson(`${server.url}/v1/audit?tool=roll_dice&limit=100`, { key: manager }))
    .body;
  expect(events).toHaveLength(7);
  server.kill('SIGTERM');
  expect(await server.closed).toMatchObject({ code: 0 });
});

const run = promisify(execFile);
const door = pathToFileURL(join(root, 'src/tool.js')).href;
const zod = pathToFileURL(join(root, 'node_modules/zod/index.js')).href;

test('what the package publishes for tools is exactly what its types declare', async () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { types, default: published } = exports['./tool'];
  const declared = types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.ts');
  // In a process of its own: the test runner would import them another way than Node.
  const namesOf = async (file: string) => {
    const script = `console.log(Object.keys(await import('${pathToFileURL(join(root, file))}')).sort().join())`;
    return (await run(process.execPath, ['--input-type=module', '-e', script])).stdout;
  };
  expect(await namesOf(published)).toEqual(await namesOf(declared));
});

test('a tool that waits ends as soon as its call does, with the reason', async () => {
  const end = new AbortController();
  await delay(0, end.signal);
  const waiting = delay(3_600_000, end.signal);
  const reason = new AppError('CANCELLED');
  end.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(delay(0, end.signal)).rejects.toBe(reason);
});

/** The result of a configuration with `source` as its module of tools. */
async function prepare(source: string | null, config: object = {}) {
  const { dir, file } = writeConfig({ tools: './tools.mjs', ...config });
  const names = `import { AppError, defineTool } from '${door}';\nimport { z } from '${zod}';\n`;
  if (source !== null) writeFileSync(join(dir, 'tools.mjs'), names + source);
  const loaded = loadConfig({ TENANTRY_CONFIG: file }, dir);
  if (!loaded.ok) throw new Error(loaded.mistakes.join());
  return prepareTools(loaded.config, {}, { tools: shipped, platformTools }, machineClock());
}

const toolSource = (fields: string) => `export const tools = [defineTool({
  name: 'mine', title: 'Mine', description: 'Mine.', scope: 'agent:read', effect: 'reads',
  input: z.strictObject({}), output: z.object({}), handle: async () => ({}), ${fields} })];`;

const withField = (name: string) => `input: z.strictObject({ ${name}: z.string() })`;

test.each([
  ['that is not there', null, /can be loaded, .*tools\.mjs/],
  ['that throws', "throw new Error('broken on purpose');", /can be loaded, .*broken on purpose/],
  ['with a mistake of syntax', 'export const = 1;', /can be loaded/],
  ['without tools', 'export const more = [];', /to export "tools"/],
  ['whose tools are no list', 'export const tools = {};', /to export "tools"/],
  [
    'of a tool made by hand',
    "export const tools = [{ name: 'x', scope: 'any', handle() {} }];",
    /to export "tools"/,
  ],
  ['whose input is not strict', toolSource('input: z.object({})'), /must be a z\.strictObject/],
  ['without a name', toolSource('name: undefined'), /a tool has no name/],
  ['without a title', toolSource('title: undefined'), /tool mine: title: expected a text/],
  ['without a description', toolSource("description: ' '"), /tool mine: description: expected a text/],
  ['without a scope', toolSource('scope: undefined'), /tool mine: scope: expected a scope of the catalogue/],
  ['without an effect', toolSource('effect: undefined'), /effect: expected one of reads, writes, destroys/],
  ['with a mistyped effect', toolSource("effect: 'destroy'"), /effect: .*did you mean "destroys"\?/],
  ['without an input', toolSource('input: undefined'), /tool mine: input: expected a z\.strictObject/],
  ['without an output', toolSource('output: undefined'), /tool mine: output: expected a z\.object/],
  ['without a handle', toolSource('handle: undefined'), /tool mine: handle: expected a function/],
  [
    'whose input names the organisation',
    toolSource('input: z.strictObject({ organization_id: z.string() })'),
    /input: "organization_id" names the organisation/,
  ],
  ['on a route without a method', toolSource("rest: '/v1/mine'"), /rest: expected a method and a path/],
  [
    'on a route with a name that the input lacks',
    toolSource("rest: 'GET /v1/mine/{wigdet}', input: z.strictObject({ widget: z.string() })"),
    /rest: \{wigdet\} is no field of input; did you mean "widget"\?/,
  ],
  ['of an unknown scope', toolSource("scope: 'dice:roll'"), /scope of the catalogue, got "dice:roll"/],
  ['with a name of ours', toolSource("name: 'search_agents'"), /search_agents: expected a name of its own/],
  ['with no name for a tool', toolSource("name: 'my tool'"), /expected a valid tool name/],
  [
    'on a route of ours',
    toolSource(`rest: 'GET /v1/agents/{id}', ${withField('id')}`),
    /expected a route of its own/,
  ],
  ['on a management path', toolSource("rest: 'GET /v1/keys/mine'"), /not reserved/],
  [
    'on whatever stands below ours',
    toolSource(`rest: 'GET /v1/{area}/x', ${withField('area')}`),
    /word as the first segment/,
  ],
  ['on the MCP path', toolSource("rest: 'POST /mcp'"), /not reserved/],
  ['on an operator path', toolSource("rest: 'GET /admin/x'"), /not reserved/],
])('a module %s is told at the start', async (_what, source, mistake) => {
  const { mistakes } = await prepare(source);
  expect(mistakes).toEqual([expect.stringMatching(mistake)]);
});

test('without the shipped platform its tools are gone, and those of keys stay', async () => {
  const catalogue = ['mine:read'];
  const scopes = { catalogue, canonical: catalogue };
  const { tools, mistakes } = await prepare(toolSource("scope: 'mine:read'"), {
    builtinTools: false,
    scopes,
  });
  expect(mistakes).toEqual([]);
  const names = tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['whoami', 'mint_key', 'list_audit_events', 'mine']));
  expect(names.filter((name) => /agent|stud|job|research/.test(name))).toEqual([]);
  expect(names).toHaveLength(shipped.length - platformTools.length + 1);
});

test('a module that is wrong ends the start with 78', async () => {
  const { dir, file } = writeConfig({ tools: './none.ts', server: { port: 0 } });
  const { code, stdout, stderr } = await startProgram(['serve'], { TENANTRY_CONFIG: file }, dir).closed;
  expect([code, stdout]).toEqual([78, '']);
  expect(stderr).toMatch(/tools: expected a module that can be loaded/);
});
