import { expect, test } from 'vitest';
import { tools } from '../../../tools/index.ts';
import { connect } from '../../support/clients.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

test('every downstream request speaks for the organisation of the key', async () => {
  const app = await startTwoTenants();
  const client = await connect(app.url, app.acme.defaultKey);
  await client.callTool({ name: 'search_agents', arguments: { query: 'nurse' } });
  expect(app.sent.map(({ url }) => url.searchParams.getAll('organization_id'))).toEqual([[app.acme.id]]);
});

test('the same question is answered from the organisation of the key and no other', async () => {
  const app = await startTwoTenants();
  const ofAcme = await callTool(app.url, app.acme.defaultKey, 'search_agents', { limit: 100 });
  const ofBolt = await callTool(app.url, app.bolt.defaultKey, 'search_agents', { limit: 100 });
  const ids = ({ body }: typeof ofAcme) =>
    body.result.structuredContent.agents.map((agent: { agent_id: string }) => agent.agent_id);
  expect(ids(ofAcme)).toHaveLength(100);
  expect(ids(ofBolt)).toHaveLength(100);
  expect(ids(ofAcme).filter((id: string) => ids(ofBolt).includes(id))).toEqual([]);
});

test('an agent of another organisation is answered like one that does not exist', async () => {
  const app = await startTwoTenants();
  const search = await requestJson(`${app.url}/v1/agents/search?limit=1`, { key: app.acme.defaultKey });
  const foreignId = search.body.agents[0].agent_id;
  const known = await requestJson(`${app.url}/v1/agents/${foreignId}`, { key: app.acme.defaultKey });
  const foreign = await requestJson(`${app.url}/v1/agents/${foreignId}`, { key: app.bolt.defaultKey });
  const unknown = await requestJson(`${app.url}/v1/agents/agt_01ARZ3NDEKTSV4RRFFQ69G5FAV`, {
    key: app.bolt.defaultKey,
  });
  const bytes = ({ text, body }: typeof foreign) => text.replace(body.error.request_id, '');
  expect(known.status).toBe(200);
  expect(foreign.status).toBe(404);
  expect(bytes(foreign)).toBe(bytes(unknown));
});

/** Arguments with which each tool that reaches the platform gets there; a new tool joins here. */
const reaching: Record<string, object> = {
  search_agents: { query: 'nurse' },
  get_agent: { agent_id: 'agt_1' },
  list_research_groups: {},
  get_research_group: { research_group_id: 'rgp_1' },
  create_research_group: { name: 'Nurses', agent_ids: ['agt_1'] },
  list_studies: {},
  get_study: { study_id: 'std_1' },
  create_study: { name: 'Sleep', objective: 'Find out.', research_group_id: 'rgp_1', questions: ['Why?'] },
  list_jobs: {},
  get_job: { job_id: 'job_1' },
};

test('with every tool the platform gets the organisation of the key, exactly once', async () => {
  const app = await startTwoTenants({ seed: false, fakeReply: () => ({ status: 404, body: undefined }) });
  const { plaintext } = await app.mint(app.acme, {
    scopes: tools.map(({ scope }) => scope).filter((scope) => scope !== 'any'),
  });
  const silent = new Set<string>();
  for (const { name } of tools.filter((tool) => tool.onMcp)) {
    app.sent.length = 0;
    await callTool(app.url, plaintext, name, reaching[name] ?? {});
    if (app.sent.length === 0) silent.add(name);
    for (const { url } of app.sent) expect(url.searchParams.getAll('organization_id')).toEqual([app.acme.id]);
  }
  const onMcp = tools.filter((tool) => tool.onMcp).map(({ name }) => name);
  expect(onMcp.filter((name) => !silent.has(name)).sort()).toEqual(Object.keys(reaching).sort());
  expect([...silent].filter((name) => /agent|stud|job|research/.test(name))).toEqual([]);
});
