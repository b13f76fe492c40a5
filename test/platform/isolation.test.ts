import { expect, test } from 'vitest';
import { insertResearchGroup } from '../../db/platform/data/research-groups.ts';
import { openPlatformDatabase } from '../../db/platform/platform-database.ts';
import { AppError } from '../../src/errors.ts';
import { alpha, beta, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

type Made = {
  readonly research_group: { readonly research_group_id: string };
  readonly study: { readonly study_id: string };
  readonly job: { readonly job_id: string };
};

const questions = ['Why?'];

/** One of each in the organisation. */
async function fill(platform: TemporaryPlatform, organizationId: string) {
  const [agent] = platform.add(organizationId, [{}]);
  const agentId = agent?.agentId ?? '';
  const group = await platform.post('/v1/research-groups', organizationId, {
    name: 'g',
    agent_ids: [agentId, agentId],
  });
  const { research_group } = group.body as Made;
  const { research_group_id } = research_group;
  const body = { name: 's', objective: 'o', research_group_id, questions };
  const made = (await platform.post('/v1/studies', organizationId, body)).body as Made;
  return { agentId, groupId: research_group_id, studyId: made.study.study_id, jobId: made.job.job_id };
}

test('a foreign id is answered in the same bytes as an unknown one, on every route', async () => {
  const platform = temporaryPlatform();
  const own = await fill(platform, alpha);
  const foreign = await fill(platform, beta);
  const study = (research_group_id: string) => ({ name: 's', objective: 'o', research_group_id, questions });
  const group = (id: string) => ({ name: 'g', agent_ids: [own.agentId, id] });
  const same = async (ask: (id: string) => Promise<unknown>, foreignId: string, ownId: string) => {
    const answer = JSON.stringify(await ask(foreignId));
    expect(answer).toBe(JSON.stringify(await ask(`${foreignId.slice(0, 4)}00000000000000000000000000`)));
    expect(answer).toContain('"status":404');
    expect(JSON.stringify(await ask(ownId))).toMatch(/"status":20[01]/);
  };
  await same((id) => platform.get(`/v1/agents/${id}`, alpha), foreign.agentId, own.agentId);
  await same((id) => platform.get(`/v1/research-groups/${id}`, alpha), foreign.groupId, own.groupId);
  await same((id) => platform.get(`/v1/studies/${id}`, alpha), foreign.studyId, own.studyId);
  await same((id) => platform.get(`/v1/jobs/${id}`, alpha), foreign.jobId, own.jobId);
  await same((id) => platform.post('/v1/studies', alpha, study(id)), foreign.groupId, own.groupId);
  await same((id) => platform.post('/v1/research-groups', alpha, group(id)), foreign.agentId, own.agentId);
});

test('a refused creation leaves nothing behind', async () => {
  const platform = temporaryPlatform();
  const foreign = await fill(platform, beta);
  await platform.post('/v1/research-groups', alpha, { name: 'g', agent_ids: [foreign.agentId] });
  const study = { name: 's', objective: 'o', research_group_id: foreign.groupId, questions };
  await platform.post('/v1/studies', alpha, study);
  for (const path of ['/v1/research-groups', '/v1/studies', '/v1/jobs']) {
    const { body } = await platform.get(path, alpha);
    expect(Object.values(body as object)).toEqual([[], null]);
  }
});

test('lists hold the rows of one organisation, newest first, each naming it', async () => {
  const platform = temporaryPlatform();
  const made = [];
  for (const organizationId of [alpha, beta, alpha, beta, alpha])
    made.push({ organizationId, ...(await fill(platform, organizationId)) });
  const newestFirst = made.filter((one) => one.organizationId === alpha).reverse();
  const listed = async (path: string, id: string) => {
    const first = (await platform.get(`${path}?limit=2`, alpha)).body as ListPage;
    const rest = (await platform.get(`${path}?limit=2&cursor=${first.next_cursor}`, alpha)).body as ListPage;
    expect(rest.next_cursor).toBeNull();
    const rows = [first, rest].flatMap((page): unknown[] => Object.values(page).flat()).filter(isRow);
    expect(rows.every((row) => row.organization_id === alpha)).toBe(true);
    return rows.map((row) => row[id]);
  };
  expect(await listed('/v1/research-groups', 'research_group_id')).toEqual(newestFirst.map((m) => m.groupId));
  expect(await listed('/v1/studies', 'study_id')).toEqual(newestFirst.map((m) => m.studyId));
  expect(await listed('/v1/jobs', 'job_id')).toEqual(newestFirst.map((m) => m.jobId));
});

type ListPage = { readonly next_cursor: string | null };

const isRow = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

test.each([
  [''],
  ['organization_id='],
  [`organization_id=${alpha}&organization_id=${alpha}`],
  [`organization_id=${alpha}&organization_id=${beta}`],
  [`organization_id=${'x'.repeat(201)}`],
  ['organization_id=%C3%A9'],
  ['organization_id=a%0Ab'],
  ['organization_id=a%00'],
])('no route answers without exactly one organisation (%s)', async (query) => {
  const platform = temporaryPlatform();
  for (const path of [
    '/v1/agents/search',
    '/v1/agents/x',
    '/v1/research-groups',
    '/v1/studies',
    '/v1/jobs',
  ]) {
    const url = new URL(`${path}?${query}`, 'http://platform.invalid');
    const { signal } = new AbortController();
    const reply = await platform.downstream.send({ method: 'GET', url, body: undefined, signal });
    expect(reply).toEqual({ status: 400, body: { error: 'bad_request', argument: 'organization_id' } });
  }
});

test.each(['/v1', '/v1/agents', '/v1/agents/', '/v1/agents/a/b', '/v1/agents/%zz', '/v1/jobs/..%2F', '/'])(
  'the path %s is not found',
  async (path) => {
    expect((await temporaryPlatform().get(path, alpha)).status).toBe(404);
  },
);

test.each([
  ['/v1/research-groups', undefined],
  ['/v1/research-groups', []],
  ['/v1/research-groups', { name: ' ', agent_ids: ['a'] }],
  ['/v1/research-groups', { name: 'g', agent_ids: [] }],
  ['/v1/research-groups', { name: 'g', agent_ids: [1] }],
  ['/v1/research-groups', { name: 'g', description: 1, agent_ids: ['a'] }],
  ['/v1/studies', { name: 's', objective: 'o', research_group_id: 'r', questions: 'Why?' }],
  ['/v1/studies', { name: 's', research_group_id: 'r', questions }],
])('POST %s with %j is answered 400', async (path, body) => {
  expect((await temporaryPlatform().send('POST', path, alpha, body)).status).toBe(400);
});

test('two organisations may hold equal ids, and neither sees what the other put under them', async () => {
  const platform = temporaryPlatform();
  const agentId = 'agt_same';
  const [group, alone] = [{ researchGroupId: 'rgp_same', description: null, createdAtMs: 0 }, ['agt_alone']];
  const database = openPlatformDatabase(platform.file);
  for (const [organizationId, agentIds] of [
    [alpha, alone],
    [beta, [agentId]],
  ] as const) {
    platform.add(organizationId, [
      { agentId, name: organizationId },
      { agentId: 'agt_alone', country: 'FR' },
    ]);
    insertResearchGroup(database, organizationId, { ...group, name: organizationId, agentIds });
  }
  database.sqlite.close();
  const found = await platform.search(alpha, { research_group_id: 'rgp_same' });
  expect(found.agents.map((row) => row.agent_id)).toEqual(alone);
  const { body } = await platform.get('/v1/research-groups/rgp_same', alpha);
  expect(body).toMatchObject({ research_group: { name: alpha, agent_count: 1, organization_id: alpha } });
  const read = await platform.get(`/v1/agents/${agentId}`, alpha);
  expect(read.body).toMatchObject({ agent: { name: alpha, organization_id: alpha } });
});

test('the database itself refuses a row that points into another organisation', async () => {
  const platform = temporaryPlatform();
  const own = await fill(platform, alpha);
  const foreign = await fill(platform, beta);
  const { sqlite } = openPlatformDatabase(platform.file);
  const insert = sqlite.prepare('INSERT INTO research_group_members VALUES (?, ?, ?)');
  expect(() => insert.run(alpha, own.groupId, foreign.agentId)).toThrow(/FOREIGN KEY/);
  expect(() => insert.run(beta, own.groupId, foreign.agentId)).toThrow(/FOREIGN KEY/);
  sqlite.close();
});

test('a failing database is DOWNSTREAM_FAILED and shows none of its words', async () => {
  const platform = temporaryPlatform();
  const { sqlite } = openPlatformDatabase(platform.file);
  sqlite.exec('DROP TABLE jobs');
  sqlite.close();
  const failed = await platform.get('/v1/jobs', alpha).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(AppError);
  expect(failed).toMatchObject({
    code: 'DOWNSTREAM_FAILED',
    message: new AppError('DOWNSTREAM_FAILED').message,
  });
});
