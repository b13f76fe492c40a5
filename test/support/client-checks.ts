import { expect, onTestFinished, vi } from 'vitest';
import { builtInScopes, defaultCanonicalScopes, defaultCatalogue } from '../../src/scopes/scopes.ts';
import { tools as shippedTools } from '../../tools/index.ts';
import type { Peer } from './real-clients.ts';
import type { Tenant } from './start-app.ts';

/** All that the server says it can do; nothing of it changes or notifies. */
export const capabilities = {
  tools: { listChanged: false },
  resources: { listChanged: false, subscribe: false },
  completions: {},
};

const isCanonical = (scope: string): boolean => defaultCanonicalScopes.some((each) => each === scope);

const toolsOnMcp = shippedTools.filter(({ onMcp }) => onMcp);

/** What a key with the canonical scopes is shown, in this order. */
export const canonicalTools = toolsOnMcp.filter(({ scope }) => scope === 'any' || isCanonical(scope));

/** What every real client finds at the end of every wire, with the default key of `tenant`. */
const promises: Readonly<Record<string, (peer: Peer, tenant: Tenant) => Promise<void>>> = {
  async 'learns the name and version of the server and nothing else; its list does not change'(peer) {
    expect(peer.serverInfo).toEqual({ name: 'tenantry', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(peer.capabilities).toEqual(capabilities);
  },
  async 'is shown exactly the tools that its key may call'(peer) {
    const { tools } = await peer.listTools();
    expect(tools.map(({ name }) => name)).toEqual(canonicalTools.map(({ name }) => name));
  },
  async 'is told for whom it speaks'(peer, tenant) {
    const { structuredContent } = await peer.callTool('whoami');
    expect(structuredContent.organization).toEqual({ organization_id: tenant.id, name: tenant.name });
    expect(structuredContent.key.prefix).toBe(tenant.defaultKey.slice(0, 12));
  },
  async 'finds agents in the very form that the tool list promised'(peer) {
    // From here on the client itself holds structuredContent to the tool's output schema.
    const { tools } = await peer.listTools();
    expect(tools.every(({ outputSchema }) => outputSchema !== undefined)).toBe(true);
    const answer = await peer.callTool('search_agents', { query: 'nurse', limit: 3 });
    expect(answer.structuredContent.agents).toHaveLength(3);
    expect(JSON.parse(answer.content[0]?.text ?? '')).toEqual(answer.structuredContent);
    const [{ agent_id }] = answer.structuredContent.agents;
    const { structuredContent } = await peer.callTool('get_agent', { agent_id });
    expect(structuredContent.agent.agent_id).toBe(agent_id);
  },
  async 'reads an agent as a resource, whose id is completed from words'(peer) {
    const { resourceTemplates } = await peer.listResourceTemplates();
    const uris = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(uris).toEqual(canonicalTools.flatMap(({ resource }) => resource?.uri ?? []));
    expect(uris).toContain('agent://{agent_id}');
    const { completion } = await peer.complete('agent://{agent_id}', 'agent_id', 'nurse');
    const [id = ''] = completion.values;
    const { contents } = await peer.readResource(`agent://${id}`);
    const { structuredContent } = await peer.callTool('get_agent', { agent_id: id });
    expect(contents).toEqual([
      { uri: `agent://${id}`, mimeType: 'application/json', text: JSON.stringify(structuredContent) },
    ]);
    const absent = peer.readResource('agent://agt_01ARZ3NDEKTSV4RRFFQ69G5FAV');
    await expect(absent).rejects.toMatchObject({ code: -32602, data: { code: 'RESOURCE_NOT_FOUND' } });
  },
  async 'reads the failure of a tool as an answer that is an error'(peer) {
    await peer.listTools();
    const answer = await peer.callTool('get_agent', { agent_id: 'agt_01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    expect(answer).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'NOT_FOUND: There is no agent with this agent_id.' }],
      _meta: { 'tenantry/error': { code: 'NOT_FOUND', request_id: expect.any(String) } },
    });
    expect(answer.structuredContent).toBeUndefined();
    const invalid = await peer.callTool('search_agents', { limit: 1000 });
    expect(invalid).toMatchObject({
      isError: true,
      _meta: { 'tenantry/error': { code: 'VALIDATION_ERROR' } },
    });
  },
  async 'is refused what its key has no scope for'(peer) {
    const refused = peer.callTool('mint_key', { scope_type: 'global', name: 'x' });
    // Each client words the challenge of HTTP in its own way; the code of JSON-RPC they all show.
    await expect(refused).rejects.toThrow(/insufficient.scope|lacks a scope/i);
  },
  async 'is told that there is no such tool'(peer) {
    const refused = peer.callTool('no_such_tool');
    await expect(refused).rejects.toMatchObject({ code: -32602, data: { code: 'UNKNOWN_TOOL' } });
  },
  async 'cannot name an organisation in the arguments'(peer, tenant) {
    const refused = peer.callTool('search_agents', { organization_id: tenant.id });
    await expect(refused).rejects.toMatchObject({
      code: -32602,
      data: { code: 'ORGANIZATION_IN_ARGUMENTS' },
    });
  },
};

/** Which of the promises `peer` found broken, and how; none is `{}`. */
export async function brokenPromises(peer: Peer, tenant: Tenant): Promise<Record<string, unknown>> {
  const broken: Record<string, unknown> = {};
  for (const [says, check] of Object.entries(promises)) {
    try {
      await check(peer, tenant);
    } catch (error) {
      broken[says] = error;
    }
  }
  return broken;
}

/** What goes to the console from here on: a client warns there of what it does not know in a schema. */
function listenToConsole(): () => unknown[] {
  const spies = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level));
  onTestFinished(() => spies.forEach((spy) => void spy.mockRestore()));
  return () => spies.flatMap(({ mock }) => mock.calls);
}

/** Every tool listed and a study of ten agents, by a client that wants to know how far it is; none says a word. */
export async function expectProgress(peer: Peer): Promise<void> {
  const said = listenToConsole();
  const { tools } = await peer.listTools();
  expect(tools.map(({ name }) => name)).toEqual(toolsOnMcp.map(({ name }) => name));
  const found = await peer.callTool('search_agents', { limit: 10 });
  const agent_ids = found.structuredContent.agents.map((agent: { agent_id: string }) => agent.agent_id);
  const group = await peer.callTool('create_research_group', { name: 'Ten', agent_ids });
  const { research_group_id } = group.structuredContent.research_group;
  const heard: number[] = [];
  const study = { name: 'Study', objective: 'To learn.', research_group_id, questions: ['Why?'] };
  const answer = await peer.callTool('create_study', study, {
    onProgress: ({ progress }) => heard.push(progress),
  });
  expect(answer.structuredContent.job).toMatchObject({ status: 'completed', progress: 100 });
  // Clients lose the last step where it comes in one piece with the result.
  expect(heard.length).toBeGreaterThan(3);
  expect(heard).toEqual([...heard].sort((a, b) => a - b));
  // Some read the schemas with the list, some only with the first call.
  expect(said()).toEqual([]);
}

/** What `expectProgress` needs beyond the canonical scopes: as much as a manager's key may hold, all there are. */
export const managerScopes = [...defaultCatalogue, ...builtInScopes].filter((scope) => !isCanonical(scope));
