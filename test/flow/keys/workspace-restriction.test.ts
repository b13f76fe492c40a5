import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/tool/define-tool.ts';
import { tools } from '../../../tools/index.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const common = {
  title: 'Secrets',
  description: 'For tests.',
  scope: 'any',
  effect: 'reads',
  output: z.object({ says: z.string() }),
} as const;

const inWorkspace = defineTool({
  ...common,
  name: 'in_workspace',
  rest: 'GET /v1/workspaces/{workspace_id}/secrets',
  input: z.strictObject({ workspace_id: z.string() }),
  handle: async ({ workspace_id }) => ({ says: workspace_id }),
});

const perhaps = defineTool({
  ...common,
  name: 'perhaps',
  input: z.strictObject({ workspace_id: z.string().optional() }),
  handle: async () => ({ says: 'reached' }),
});

async function startRestricted() {
  const app = await startTwoTenants({ seed: false, tools: [...tools, inWorkspace, perhaps] });
  const scopes = ['agent:search', 'key:read', 'key:write'];
  const key = await app.mint(app.acme, { scopes, restrictions: { workspace_ids: ['ws_a', 'ws_b'] } });
  return { ...app, key, token: key.plaintext };
}

test('a key of some workspaces reaches those, over MCP and REST alike, and no other', async () => {
  const app = await startRestricted();
  const call = (id: string) => callTool(app.url, app.token, 'in_workspace', { workspace_id: id });
  const get = (id: string) => requestJson(`${app.url}/v1/workspaces/${id}/secrets`, { key: app.token });
  for (const id of ['ws_a', 'ws_b']) {
    expect((await call(id)).body.result.structuredContent).toEqual({ says: id });
    expect((await get(id)).body).toEqual({ says: id });
  }
  for (const id of ['ws_c', 'WS_A', 'ws_a ', 'ws_a,ws_b', '*']) {
    expectRefusal(await call(id), 403, 'KEY_RESTRICTED', id);
    expectRefusal(await get(encodeURIComponent(id)), 403, 'KEY_RESTRICTED', id);
  }
  expectRefusal(await callTool(app.url, app.token, 'perhaps', {}), 403, 'KEY_RESTRICTED');
  const unrestricted = await callTool(app.url, app.acme.defaultKey, 'in_workspace', { workspace_id: 'ws_c' });
  expect(unrestricted.body.result.structuredContent).toEqual({ says: 'ws_c' });
});

test('what has no workspace lies outside: it is neither listed nor called', async () => {
  const app = await startRestricted();
  const listed = (await rpc(app.url, app.token, 'tools/list')).body.result.tools;
  expect(listed.map(({ name }: { name: string }) => name)).toEqual(['in_workspace', 'perhaps']);
  for (const name of ['whoami', 'search_agents', 'list_keys']) {
    expectRefusal(await callTool(app.url, app.token, name), 403, 'KEY_RESTRICTED', name);
  }
  expect(app.sent).toEqual([]);
});

test('nobody gets out of their workspaces by minting, rotating or updating', async () => {
  const app = await startTwoTenants({ seed: false });
  const admin = await app.mint(app.acme, { scopes: ['key:write', 'key:read'] });
  const send = (method: string, path: string, body: object) =>
    requestJson(`${app.url}/v1/keys${path}`, { method, key: admin.plaintext, body });
  const restrictions = { workspace_ids: ['ws_a', 'ws_b'] };
  const minted = await send('POST', '', { scope_type: 'global', name: 'x', scopes: [], restrictions });
  expect(minted.body.key.restrictions).toEqual(restrictions);
  const { id } = minted.body.key;
  const narrowed = await send('PATCH', `/${id}`, { restrictions: { workspace_ids: ['ws_a'] } });
  expect(narrowed.body.key.restrictions).toEqual({ workspace_ids: ['ws_a'] });
  expectRefusal(await send('PATCH', `/${id}`, { restrictions }), 400, 'VALIDATION_ERROR');
  const rotated = await send('POST', `/${id}/rotate`, {});
  expect(rotated.body.key.restrictions).toEqual({ workspace_ids: ['ws_a'] });
});
