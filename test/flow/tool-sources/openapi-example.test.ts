import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, temporaryDir } from '../../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { startProgram, startScript, startServer } from '../../support/program.ts';
import { refusalIn } from '../../support/refusal.ts';

const example = join(root, 'examples/openapi');
const WORKSPACES_TOKEN = 'the-gateways-own';

/** The example as it is, but on free ports and with a store of the test's own. */
async function startExample() {
  const platform = startScript(join(example, 'platform.ts'), [], { WORKSPACES_TOKEN, PORT: '0' });
  const [, platformUrl = ''] = await platform.waitFor('stdout', /listening on (http:\S+)/);
  const dir = temporaryDir();
  cpSync(example, dir, { recursive: true });
  const file = join(dir, 'mcp.config.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('http://127.0.0.1:9180', platformUrl));
  const env = { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR: join(dir, 'data'), WORKSPACES_TOKEN };
  const run = async (...args: string[]) => {
    const { code, stdout } = await startProgram(args, env, dir).closed;
    expect([args, code]).toEqual([args, 0]);
    return stdout;
  };
  const provision = async (name: string) => {
    const { organization, auth_token } = JSON.parse(await run('orgs', 'create', name, '--json'));
    return { id: organization.organization_id as string, key: auth_token as string };
  };
  const acme = await provision('Acme');
  const bolt = await provision('Bolt');
  return { ...(await startServer(env, dir)), run, acme, bolt };
}

test('the example puts a document in front of its platform: tools, workspaces, scopes, audit', async () => {
  const { url, run, acme, bolt, seen } = await startExample();
  expect(seen.stderr).toContain('deleteSecrets');
  const { tools } = (await rpc(url, acme.key, 'tools/list')).body.result;
  const names = tools.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['ws_list_secrets', 'ws_list_workspaces']));
  expect(names).not.toContain('ws_add_secret');
  const inputs = tools.map(({ inputSchema }: { inputSchema: object }) => inputSchema);
  expect(JSON.stringify(inputs)).not.toContain('organization_id');

  const minted = JSON.parse(
    await run('keys', 'mint', '--org', acme.id, '--name', 'writer', '--add', 'secret:write', '--json'),
  );
  const writer: string = minted.auth_token;
  const args = { workspace_id: 'ws_1', body: { name: 'DATABASE_URL' } };
  expect(refusalIn(await callTool(url, acme.key, 'ws_add_secret', args)).code).toBe('INSUFFICIENT_SCOPE');
  const added = await callTool(url, writer, 'ws_add_secret', args);
  expect(added.body.result.structuredContent).toMatchObject({
    status: 201,
    body: { names: ['DATABASE_URL'] },
  });

  const secrets = (key: string) => requestJson(`${url}/workspaces/ws_1/secrets`, { key });
  expect((await secrets(acme.key)).body).toEqual({
    organization_id: acme.id,
    workspace_id: 'ws_1',
    names: ['DATABASE_URL'],
  });
  expect((await secrets(bolt.key)).body).toMatchObject({ organization_id: bolt.id, names: [] });
  const lines = await run('audit', 'list', '--org', acme.id);
  const prefix = acme.key.slice(0, 12);
  expect(lines).toMatch(new RegExp(`org-token:${prefix} GET /workspaces/ws_1/secrets 200 \\d+ms`));
  expect(await run('audit', 'list', '--org', bolt.id)).not.toContain(prefix);
});
