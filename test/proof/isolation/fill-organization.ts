import { ulid } from 'ulid';
import { insertAgents } from '../../../db/platform/agents.ts';
import type { PlatformDatabase } from '../../../db/platform/platform-database.ts';
import { type JsonAnswer, requestJson } from '../../support/http.ts';
import type { Tenant, TestApp } from '../../support/start-app.ts';
import { newCanary, type Owners } from './canaries.ts';
import type { Thing } from './questions.ts';

/** Everything that an organisation has, by what it is. */
export type Belongings = Readonly<Record<Thing, readonly string[]>>;

export type PlantedOrganization = {
  readonly index: number;
  readonly tenant: Tenant;
  readonly canary: string;
  readonly own: Belongings;
  readonly globalKey: string;
  readonly adminKey: string;
  readonly memberKey: string;
};

/** More than a page of each, since pages are of two. */
const EACH = 3;
const three = Array.from({ length: EACH }, (_, place) => place);

/** An organisation full of rows that carry its canary, made at the front door wherever that has a door. */
export async function plantOrganization(
  index: number,
  app: TestApp,
  platform: PlatformDatabase,
  allScopes: readonly string[],
): Promise<PlantedOrganization> {
  const canary = newCanary();
  const tenant = await app.provision(`Organisation ${canary}`);
  const scopes = [...allScopes];
  const named = { owner: `owner ${canary}`, purpose: `purpose ${canary}` };
  const global = await app.mint(tenant, { name: `global ${canary}`, scopes, ...named });
  const made = async (method: string, path: string, body: object): Promise<JsonAnswer['body']> => {
    const headers = { 'x-on-behalf-of': canary };
    const answer = await requestJson(app.url + path, { method, key: global.plaintext, body, headers });
    if (answer.status >= 300) throw new Error(`planting ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const people = await plantPeople(made, canary);
  const agent = plantAgents(platform, tenant, canary);
  const research = await plantResearch(made, canary, agent);
  const userKey = (userId: string | undefined) =>
    app.mint(tenant, { name: `key ${canary}`, scopeType: 'user', userId: userId ?? '', scopes, ...named });
  const admin = await userKey(people.user[0]);
  const member = await userKey(people.user[1]);
  const spare = await app.mint(tenant, { name: `spare ${canary}`, ...named });
  const keys = [global, admin, member, spare];
  const own = {
    ...people,
    ...research,
    agent,
    key: keys.map(({ id }) => id),
    prefix: keys.map(({ prefix }) => prefix),
    canary: [canary],
    organization: [tenant.id],
  };
  return {
    index,
    tenant,
    canary,
    own,
    globalKey: global.plaintext,
    adminKey: admin.plaintext,
    memberKey: member.plaintext,
  };
}

type Made = (method: string, path: string, body: object) => Promise<JsonAnswer['body']>;

async function plantPeople(made: Made, canary: string) {
  const user: string[] = [];
  const group: string[] = [];
  for (const place of three) {
    const role = place === 0 ? 'admin' : 'member';
    const person = { name: `Person ${canary}`, email: `${canary}.${place}@example.com`, role };
    user.push((await made('POST', '/v1/members', person)).member.user_id);
    const named = { name: `Group ${place} ${canary}`, permissions: ['everything', canary] };
    group.push((await made('POST', '/v1/groups', named)).group.group_id);
    await made('POST', `/v1/groups/${group[0]}/members`, { user_id: user.at(-1) });
  }
  return { user, group };
}

/** No call of the platform makes agents. */
function plantAgents(platform: PlatformDatabase, tenant: Tenant, canary: string): readonly string[] {
  const rows = three.map(() => ({
    agentId: `agt_${ulid()}`,
    name: `Agent ${canary}`,
    age: 40,
    gender: 'female',
    country: 'DE',
    city: canary,
    occupation: `${canary} nurse`,
    biography: `Knows ${canary} alone.`,
    tags: [canary],
  }));
  platform.sqlite.transaction(() => insertAgents(platform, tenant.id, rows))();
  return rows.map(({ agentId }) => agentId);
}

async function plantResearch(made: Made, canary: string, agent: readonly string[]) {
  const study: string[] = [];
  const job: string[] = [];
  const research_group: string[] = [];
  for (const place of three) {
    const group = { name: `Sample ${place} ${canary}`, description: canary, agent_ids: agent };
    const { research_group_id } = (await made('POST', '/v1/research-groups', group)).research_group;
    research_group.push(research_group_id);
    const asked = { name: `Study ${canary}`, objective: canary, research_group_id, questions: [canary] };
    const started = await made('POST', '/v1/studies', asked);
    study.push(started.study.study_id);
    job.push(started.job.job_id);
  }
  return { study, job, research_group };
}

export function noteOwners(owners: Owners, { index, own }: PlantedOrganization): void {
  for (const id of Object.values(own).flat()) owners.set(id, index);
}
