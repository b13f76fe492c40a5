import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { root, writeConfig } from '../../support/fresh-start.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startApp, type Tenant } from '../../support/start-app.ts';

const program = { command: process.execPath, args: [join(root, 'test/support/telling-program.ts')] };
const ofProgram = (more: object) => ({ prefix: 'p', mcp: program, scopes: { tell: 'agent:read' }, ...more });

async function startBeside(credential: object, env: Record<string, string>) {
  const app = await startApp({ seed: false, env, config: { downstreams: [ofProgram({ credential })] } });
  /** The variables of the program that serves the organisation; or the code of a refusal. */
  const variablesOf = async ({ defaultKey }: Tenant): Promise<Record<string, string> | string> => {
    const answer = await callTool(app.url, defaultKey, 'p_tell');
    return refusalIn(answer)?.code ?? JSON.parse(answer.body.result.structuredContent.content[0].text);
  };
  return { app, variablesOf };
}

test('a program finds its credential in a variable, and nothing else of ours', async () => {
  const env = { DESK_TOKEN: 'of-the-desk', OTHER_TOKEN: 'of-another', ADMIN_SECRET: 'x' };
  const { app, variablesOf } = await startBeside({ environment: 'DESK_TOKEN' }, env);
  const acme = await app.provision('Acme');
  expect(await variablesOf(acme)).toMatchObject({ DESK_TOKEN: 'of-the-desk', ORGANIZATION_ID: acme.id });
  expect(Object.keys(await variablesOf(acme))).not.toEqual(expect.arrayContaining(['OTHER_TOKEN']));
  expect(Object.keys(await variablesOf(acme))).not.toEqual(expect.arrayContaining(['ADMIN_SECRET']));
  const rest = await requestJson(`${app.url}/v1/whoami`, { key: acme.defaultKey });
  expect(rest.status).toBe(200);
  const named = await startBeside({ environment: 'DESK_TOKEN', variable: 'API_KEY' }, env);
  const variables = await named.variablesOf(await named.app.provision('Bolt'));
  expect(variables).toMatchObject({ API_KEY: 'of-the-desk' });
  expect(variables).not.toHaveProperty('DESK_TOKEN');
});

test('each organisation has a credential of its own, or is refused before anything is noted', async () => {
  const env: Record<string, string> = {};
  const { app, variablesOf } = await startBeside({ environment: 'DESK_TOKEN_{organization_id}' }, env);
  const [acme, bolt, none] = [await app.provision('A'), await app.provision('B'), await app.provision('C')];
  env[`DESK_TOKEN_${acme.id}`] = 'of-acme';
  env[`DESK_TOKEN_${bolt.id}`] = 'of-bolt';
  expect(await variablesOf(acme)).toMatchObject({ DESK_TOKEN: 'of-acme', ORGANIZATION_ID: acme.id });
  expect(await variablesOf(bolt)).toMatchObject({ DESK_TOKEN: 'of-bolt', ORGANIZATION_ID: bolt.id });
  expect(await variablesOf(none)).toBe('DOWNSTREAM_NOT_CONFIGURED');
  const rows = await app.audit(20);
  expect(
    rows.filter(({ organizationId }) => organizationId === none.id).map(({ kind }) => kind),
  ).not.toContain('intent');
});

const load = (entry: object, env = {}) => {
  const { dir, file } = writeConfig({ downstreams: [entry] });
  const loaded = loadConfig({ TENANTRY_CONFIG: file, ...env }, dir);
  return loaded.ok ? [] : loaded.mistakes;
};

test.each<[object, object, RegExp]>([
  [program, { header: 'X-Api-Key' }, /credential\.header: expected none for a program/],
  [program, { scheme: 'Token' }, /credential\.scheme: expected none for a program/],
  [program, { variable: 'ORGANIZATION_ID' }, /credential\.variable: expected another variable than/],
  [program, { environment: 'ORGANIZATION_ID' }, /credential\.variable: expected another variable than/],
  [program, { variable: 'PATH' }, /credential\.variable: expected a variable of its own/],
  [program, { variable: 'LD_PRELOAD' }, /credential\.variable: expected a variable of its own/],
  [program, { environment: 'HOME' }, /credential\.variable: expected a variable of its own/],
  [program, { variable: 'a-b' }, /credential\.variable: expected a name/],
])('what cannot reach a program is refused at the start: %#', (mcp, more, expected) => {
  const credential = { environment: 'DESK_TOKEN', ...more };
  expect(load({ ...ofProgram({ mcp, credential }) })).toEqual([expect.stringMatching(expected)]);
});

test('an address has no variable for its credential, and its organisation none of the surroundings', () => {
  const address = { mcp: 'https://mcp.example.com/mcp' };
  const credential = { environment: 'DESK_TOKEN', variable: 'API_KEY' };
  expect(load(ofProgram({ ...address, credential }))).toEqual([
    expect.stringMatching(/credential\.variable: expected none for an address/),
  ]);
  expect(load(ofProgram({ organization: { variable: 'PATH' } }))).toEqual([
    expect.stringMatching(/organization\.variable: expected a variable of its own/),
  ]);
  const told = { environment: 'DESK_TOKEN', header: 'X-Desk', scheme: '' };
  expect(load(ofProgram({ ...address, credential: told }))).toEqual([]);
  const twice = { environment: 'DESK_TOKEN', header: 'X-Organization-Id' };
  expect(load(ofProgram({ ...address, credential: twice }))).toEqual([
    expect.stringContaining("expected another header than the organisation's"),
  ]);
});
