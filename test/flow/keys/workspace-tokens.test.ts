import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditLine } from '../../../src/audit/audit-event.ts';
import { runHere } from '../../cli/in-process.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { platformDocument } from '../../support/platform-document.ts';
import { expectRefusal, refusalIn } from '../../support/refusal.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp, type Tenant } from '../../support/start-app.ts';

/** Acme behind a document with workspaces; the command line works on the same store. */
async function startWorkspaces(workspaceTokens = true, dataDir = temporaryDir()) {
  writeFileSync(join(dataDir, 'desk.json'), JSON.stringify(platformDocument));
  const platform = await startRestPlatform((_call, response) => json(response, { secrets: ['s'] }));
  const downstream = {
    prefix: 'desk',
    openapi: './desk.json',
    url: `${platform.url}/api`,
    scopes: { tags: { tickets: 'ticket:read', secrets: 'secret:read' } },
    requireOrganizationInReply: false,
  };
  const catalogue = ['ticket:read', 'secret:read'];
  const config = {
    keys: { workspaceTokens },
    scopes: { catalogue, canonical: catalogue },
    downstreams: [downstream],
    builtinTools: false,
  };
  const app = await startApp({ seed: false, dataDir, config });
  const acme = await app.provision('Acme');
  const env = { TENANTRY_CONFIG: join(dataDir, 'mcp.config.json') };
  const mint = (...more: string[]) =>
    runHere(['keys', 'mint', '--org', acme.id, '--name', 'ws', '--json', ...more], env, dataDir);
  const get = (path: string, key: string, tenant?: Tenant) =>
    requestJson(app.url + path, { key, ...(tenant && { headers: { 'x-organization-id': tenant.id } }) });
  return {
    ...app,
    mintKey: app.mint,
    acme,
    mint,
    get,
    platform,
    run: (args: string[]) => runHere(args, env, dataDir),
  };
}

const ending = { deprecation: '@1795132800', sunset: 'Sat, 20 Nov 2027 00:00:00 GMT' };

test('a workspace token reaches the routes of its own workspace, and every answer says that it ends', async () => {
  const app = await startWorkspaces();
  const { key, auth_token: token } = JSON.parse((await app.mint('--workspace', 'ws_1')).stdout);
  expect(token).toMatch(/^tntw_[0-9A-Za-z]{8}_/);
  expect(key).toMatchObject({
    scope_type: 'workspace',
    prefix: token.slice(0, 13),
    restrictions: { workspace_ids: ['ws_1'] },
    is_default: false,
  });
  const reached = await app.get('/workspaces/ws_1/secrets', token);
  expect([reached.status, reached.body]).toEqual([200, { secrets: ['s'] }]);
  const [row] = await app.audit(1);
  expect(row && auditLine(row)).toMatch(
    new RegExp(`^workspace-token:${key.prefix} GET /workspaces/ws_1/secrets 200 \\d+ms$`),
  );
  const refused = [
    await app.get('/workspaces/ws_2/secrets', token),
    await app.get('/workspaces/ws%5F1/secrets', token),
    await app.get('/tickets', token),
    await app.get('/v1/whoami', token),
    await app.get('/v1/keys', token),
    await callTool(app.url, token, 'desk_list_secrets', { workspace_id: 'ws_1' }),
    await callTool(app.url, token, 'whoami'),
  ];
  for (const answer of refused)
    expect([answer.status, refusalIn(answer).code]).toEqual([403, 'KEY_RESTRICTED']);
  const foreign = await app.get('/workspaces/ws_1/secrets', token, await app.provision('Bolt'));
  expectRefusal(foreign, 403, 'ORGANIZATION_MISMATCH');
  for (const { headers } of [reached, ...refused, foreign]) {
    expect(Object.fromEntries(headers)).toMatchObject(ending);
  }
  expect(app.platform.calls).toHaveLength(1);
  await app.run(['keys', 'revoke', key.id, '--org', app.acme.id]);
  const gone = await app.get('/workspaces/ws_1/secrets', token);
  expectRefusal(gone, 401, 'INVALID_TOKEN');
  expect(Object.fromEntries(gone.headers)).toMatchObject(ending);
  const own = await app.get('/workspaces/ws_1/secrets', app.acme.defaultKey);
  expect([own.status, own.headers.get('sunset')]).toEqual([200, null]);
});

test('where they are off, which they are unless said, none is minted and none is accepted', async () => {
  const on = await startWorkspaces();
  const { auth_token: token } = JSON.parse((await on.mint('--workspace', 'ws_1')).stdout);
  await on.close();
  const off = await startWorkspaces(false, on.dataDir);
  expect(await off.mint('--workspace', 'ws_1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('keys.workspaceTokens'),
  });
  const answer = await off.get('/workspaces/ws_1/secrets', token);
  expectRefusal(answer, 401, 'INVALID_TOKEN');
  expect(answer.headers.get('sunset')).toBe(null);
});

test('only the command line makes one, for one workspace, without the scopes of a manager; none is rotated', async () => {
  const app = await startWorkspaces();
  const manager = await app.mint('--add', 'key:read,key:write');
  const { auth_token: managerKey } = JSON.parse(manager.stdout);
  const asked = { scope_type: 'workspace', name: 'x', restrictions: { workspace_ids: ['ws_1'] } };
  expect(refusalIn(await callTool(app.url, managerKey, 'mint_key', asked)).code).toBe('VALIDATION_ERROR');
  expect((await app.mint('--workspace', 'ws_1', '--add', 'key:write')).code).toBe(1);
  expect((await app.mint('--workspace', 'ws_1', '--user', 'usr_x')).code).toBe(2);
  const { key } = JSON.parse((await app.mint('--workspace', 'ws_1')).stdout);
  const rotated = await callTool(app.url, managerKey, 'rotate_key', { key_id: key.id });
  expect(refusalIn(rotated).code).toBe('KEY_NOT_ROTATABLE');
  expect((await app.run(['keys', 'rotate', key.id, '--org', app.acme.id])).code).toBe(1);
});

test('the review sends nobody to a rotation that is refused: a key of the organisation takes its place', async () => {
  const app = await startWorkspaces();
  const { key } = JSON.parse((await app.mint('--workspace', 'ws_1', '--expires-in-days', '10')).stdout);
  const reviewer = await app.mintKey(app.acme, { scopes: ['key:read', 'key:write'], expiresInDays: 3650 });
  app.advance(6 * 86_400_000);
  const { findings } = (await app.get('/v1/keys/review', reviewer.plaintext)).body;
  const ending = findings.find(
    (each: { finding: string; key_id: string }) => each.finding === 'expires_soon' && each.key_id === key.id,
  );
  expect(ending?.command).toBe(
    `tenantry keys mint --org ${app.acme.id} --name <name> --scopes ${key.scopes.join(',')}`,
  );
});
