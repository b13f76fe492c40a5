import { expect, test } from 'vitest';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

test('a refusal that something is not there names the argument, and never whether another has it', async () => {
  const app = await startTwoTenants();
  const additionalScopes = ['research_group:write', 'study:write'];
  const { plaintext: key } = await app.mint(app.acme, { additionalScopes });
  const { body } = await callTool(app.url, app.bolt.defaultKey, 'search_agents', { limit: 1 });
  const foreign: string = body.result.structuredContent.agents[0].agent_id;
  const said = async (tool: string, args: object) =>
    (await callTool(app.url, key, tool, { ...args })).body.result.content[0].text;
  for (const id of ['agt_1', foreign]) {
    expect(await said('create_research_group', { name: 'x', agent_ids: [id] })).toBe(
      'NOT_FOUND: agent_ids: there is no agent with one of these ids.',
    );
    expect(await said('get_agent', { agent_id: id })).toBe(
      'NOT_FOUND: There is no agent with this agent_id.',
    );
  }
  const path = await requestJson(`${app.url}/v1/nowhere`, { key });
  expect(path.body.error.message).toBe(
    'Nothing is served at this path; MCP is at /mcp, and /docs lists the others.',
  );
});

test('a missing scope is told with the tool and the command that grant it', async () => {
  const app = await startTwoTenants({ seed: false });
  const refused = await callTool(app.url, app.acme.defaultKey, 'mint_key', {
    scope_type: 'global',
    name: 'x',
  });
  expect(refused.body.error.message).toBe(
    "The credential lacks a scope that this needs: key:write. Ask for a key with it, by the tool mint_key or 'tenantry keys mint --add key:write'.",
  );
});
