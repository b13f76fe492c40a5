import { expect } from 'vitest';
import { defaultCanonicalScopes } from '../../../src/scopes/scopes.ts';
import { tools } from '../../../tools/index.ts';
import { canonicalTools } from '../../support/client-checks.ts';
import type { Outcome, RealClient } from './real-client.ts';
import type { Session } from './session.ts';

/** What earlier steps leave for later ones. */
export type Memory = {
  agentIds?: string[];
  groupId?: string;
  studyId?: string;
  jobId?: string;
};

export type Step = {
  run(session: Session): Promise<void>;
  /** Other wires have nothing like it. */
  readonly only?: 'HTTP';
};

const scopes: readonly string[] = [...defaultCanonicalScopes, 'research_group:write', 'study:write'];

/** In the order of the registry. */
const callable = tools
  .filter(({ onMcp, scope }) => onMcp && (scope === 'any' || scopes.includes(scope)))
  .map(({ name }) => name);

/** The result of a call that must succeed. */
// biome-ignore lint/suspicious/noExplicitAny: a proof looks into the raw answer
async function answerOf(outcome: Promise<Outcome>): Promise<any> {
  const got = await outcome;
  if (got.kind !== 'answered') throw new Error(`${got.kind}: ${got.says}`);
  expect(JSON.parse(got.text), 'the text is the structured content').toEqual(got.data);
  return got.data;
}

/** The refusal that must come, with its code, or in the words of a client that keeps the code to itself. */
function expectRefused(got: Outcome, code: string, client: RealClient): void {
  const isConnecting = got.kind === 'refused' && got.isConnecting === true;
  const words = isConnecting ? client.wordingWhenConnecting : undefined;
  const says = got.kind === 'answered' ? `answered: ${got.text}` : `${got.kind}: ${got.says}`;
  expect(got.kind, says).not.toBe('answered');
  expect(says).toMatch(words ?? client.wording?.[code] ?? new RegExp(code));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The session of an agent, in order; each step throws where the promise in its name is broken. */
export const steps: Readonly<Record<string, Step>> = {
  'lists exactly the tools that its key may call': {
    async run({ agent }) {
      expect(await agent.listTools()).toEqual(callable);
    },
  },
  'is told for whom it speaks': {
    async run({ agent, server, key }) {
      const { organization, key: own, scopes: granted } = await answerOf(agent.call('whoami'));
      expect(organization).toEqual({ organization_id: server.acme.id, name: server.acme.name });
      expect(own.prefix).toBe(key.prefix);
      expect([...granted].sort()).toEqual([...scopes].sort());
    },
  },
  'searches agents': {
    async run({ agent, found }) {
      const { agents } = await answerOf(agent.call('search_agents', { query: 'nurse', limit: 3 }));
      found.agentIds = agents.map(({ agent_id }: { agent_id: string }) => agent_id);
      expect(found.agentIds).toHaveLength(3);
    },
  },
  'reads an agent': {
    async run({ agent, found }) {
      const [agent_id] = found.agentIds ?? [];
      const read = await answerOf(agent.call('get_agent', { agent_id }));
      expect(read.agent.agent_id).toBe(agent_id);
    },
  },
  'makes a research group of what it found': {
    async run({ agent, found }) {
      const group = { name: 'Nurses', agent_ids: found.agentIds };
      const { research_group } = await answerOf(agent.call('create_research_group', group));
      expect(research_group.agent_count).toBe(3);
      found.groupId = research_group.research_group_id;
    },
  },
  'makes a study': {
    async run({ agent, found }) {
      const { study, job } = await answerOf(agent.call('create_study', studyOf(found)));
      expect(study.research_group_id).toBe(found.groupId);
      found.studyId = study.study_id;
      found.jobId = job.job_id;
    },
  },
  'follows its job to the end': {
    async run({ agent, found }) {
      const latest = performance.now() + 10_000;
      while (true) {
        const { job } = await answerOf(agent.call('get_job', { job_id: found.jobId }));
        expect(job.study_id).toBe(found.studyId);
        if (job.status === 'completed') break;
        if (performance.now() > latest) throw new Error(`the job is ${job.status} at ${job.progress}`);
        await pause(200);
      }
    },
  },
  'reads the study': {
    async run({ agent, found }) {
      const { study } = await answerOf(agent.call('get_study', { study_id: found.studyId }));
      expect(study).toMatchObject({ study_id: found.studyId, status: 'completed' });
      expect(study.summary).toMatch(/\w/);
    },
  },
  'reads the study as a resource': {
    async run({ agent, found }) {
      const { study } = JSON.parse(await agent.readResource(`study://${found.studyId}`));
      expect(study).toMatchObject({ study_id: found.studyId, status: 'completed' });
    },
  },
  'has the id of an agent completed from words': {
    async run({ agent, found }) {
      const offered = await agent.complete('agent://{agent_id}', 'agent_id', 'nurse');
      expect(offered).toEqual(expect.arrayContaining(found.agentIds ?? []));
    },
  },
  'hears how far a study is': {
    async run({ agent, found }) {
      const heard: number[] = [];
      const listener = (progress: number) => void heard.push(progress);
      const { job } = await answerOf(agent.call('create_study', studyOf(found), listener));
      expect(job).toMatchObject({ status: 'completed', progress: 100 });
      expect(heard.length).toBeGreaterThan(1);
      expect(heard).toEqual([...heard].sort((a, b) => a - b));
    },
  },
  'is refused what its key has no scope for': {
    async run({ agent, client }) {
      const got = await agent.call('mint_key', { scope_type: 'global', name: 'x' });
      expectRefused(got, 'INSUFFICIENT_SCOPE', client);
    },
  },
  'is told which argument is wrong': {
    async run({ agent, client }) {
      const got = await agent.call('search_agents', { limit: 1000 });
      expectRefused(got, 'VALIDATION_ERROR: limit: ', client);
      expect(got, 'no structured content beside an error').toMatchObject({ kind: 'failed', data: undefined });
    },
  },
  'cannot name an organisation in the arguments': {
    async run({ agent, client, server }) {
      const got = await agent.call('search_agents', { organization_id: server.bolt.id });
      expectRefused(got, 'ORGANIZATION_IN_ARGUMENTS', client);
    },
  },
  "sees nothing of it with another organisation's key": { run: visitFromBolt },
  'connects with the key as X-API-Key': {
    only: 'HTTP',
    run: ({ greet, wiring, key, server }) => expectAcme(greet(wiring.apiKey({ key: key.plaintext })), server),
  },
  'connects with a host key and the organisation in the URL alone': {
    only: 'HTTP',
    async run({ greet, wiring, server }) {
      const { plaintext: key } = await server.mintHostFor(server.acme);
      await expectAcme(greet(wiring.inUrl({ key, organizationId: server.acme.id })), server);
    },
  },
  'cannot connect for another organisation than that of its key': {
    async run({ greet, wiring, key, client, server }) {
      const wire = wiring.plain({ key: key.plaintext, organizationId: server.bolt.id });
      expectRefused(await greet(wire), 'ORGANIZATION_MISMATCH', client);
    },
  },
  'acts with a host key for the organisation that it names, and for none unnamed': { run: actAsHost },
  'is refused with INVALID_TOKEN as soon as its key is revoked, and wants no browser': { run: loseKey },
  'left one row a call in the audit, in its era': {
    async run({ server, key, client }) {
      const lines = (await server.audit(key)).filter(({ kind }) => kind === 'call');
      expect(new Set(lines.map(({ organization_id }) => organization_id))).toEqual(new Set([server.acme.id]));
      expect(new Set(lines.map(({ era }) => era).filter((era) => era !== null))).toEqual(
        new Set([client.era]),
      );
      expect(lines.filter(({ tool }) => tool === 'create_research_group')).toHaveLength(1);
      const codes = lines.map(({ error_code }) => error_code);
      for (const code of ['VALIDATION_ERROR', 'ORGANIZATION_MISMATCH']) expect(codes).toContain(code);
    },
  },
};

const studyOf = ({ groupId }: Memory) => ({
  name: 'Night shifts',
  objective: 'To learn what tires them.',
  research_group_id: groupId,
  questions: ['What tires you?'],
});

async function expectAcme(greeting: Promise<Outcome>, { acme }: Session['server']): Promise<void> {
  const { organization } = await answerOf(greeting);
  expect(organization.organization_id).toBe(acme.id);
}

async function visitFromBolt({ open, wiring, server, client, found }: Session): Promise<void> {
  const agent = await open(wiring.plain({ key: server.bolt.defaultKey }));
  expect(await agent.listTools()).toEqual(canonicalTools.map(({ name }) => name));
  expect((await answerOf(agent.call('whoami'))).organization.organization_id).toBe(server.bolt.id);
  for (const list of ['search_agents', 'list_studies']) {
    const seen = JSON.stringify(await answerOf(agent.call(list, { limit: 100 })));
    for (const id of idsOf(found)) expect(seen, list).not.toContain(id);
  }
  const stranger = agent.readResource(`study://${found.studyId}`);
  await expect(stranger).rejects.toThrow(/no such resource|not found/i);
  const reads = { get_agent: { agent_id: found.agentIds?.[0] }, get_study: { study_id: found.studyId } };
  for (const [tool, args] of Object.entries(reads))
    expectRefused(await agent.call(tool, args), 'NOT_FOUND', client);
}

const idsOf = ({ agentIds, groupId, studyId, jobId }: Memory): string[] =>
  [...(agentIds ?? []), groupId, studyId, jobId].filter((id) => id !== undefined);

async function actAsHost({ greet, wiring, server, client }: Session): Promise<void> {
  const { plaintext: key } = await server.mintHostFor(server.acme);
  await expectAcme(greet(wiring.plain({ key, organizationId: server.acme.id })), server);
  expectRefused(await greet(wiring.plain({ key })), 'ORGANIZATION_REQUIRED', client);
}

async function loseKey({ agent, server, key, client, greet, wiring }: Session): Promise<void> {
  await answerOf(agent.call('whoami'));
  await server.revoke(server.acme, key);
  const started = performance.now();
  expectRefused(await agent.call('whoami'), 'INVALID_TOKEN', client);
  expectRefused(await greet(wiring.plain({ key: key.plaintext })), 'INVALID_TOKEN', client);
  expect(performance.now() - started, 'ms until the client gave up').toBeLessThan(30_000);
  expect(server.browserAsked()).toBe('');
}
