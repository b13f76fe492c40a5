import { ulid } from 'ulid';
import { insertAgents } from '../../../db/platform/data/agents.ts';
import type { PlatformDatabase } from '../../../db/platform/platform-database.ts';
import { type JsonAnswer, requestJson } from '../../support/http.ts';
import { operatePeople } from '../../support/operate-people.ts';
import type { Tenant, TestApp } from '../../support/start-app.ts';
import { newMarker, type Owners } from './markers.ts';
import type { Thing } from './questions.ts';

/** Everything that an organisation has, by what it is. */
export type Belongings = Readonly<Record<Thing, readonly string[]>>;

export type FilledOrganization = {
  readonly index: number;
  readonly tenant: Tenant;
  readonly marker: string;
  readonly own: Belongings;
  readonly globalKey: string;
  readonly adminKey: string;
  readonly memberKey: string;
};

/** More than a page of each, since pages are of two. */
const EACH = 3;
const three = Array.from({ length: EACH }, (_, nth) => nth);

/** An organisation full of rows that carry its marker, made at the front door wherever that has a door. */
export async function fillOrganization(
  index: number,
  app: TestApp,
  platform: PlatformDatabase,
  allScopes: readonly string[],
): Promise<FilledOrganization> {
  const marker = newMarker();
  const tenant = await app.provision(`Organisation ${marker}`);
  const scopes = [...allScopes];
  const named = { owner: `owner ${marker}`, purpose: `purpose ${marker}` };
  const global = await app.mint(tenant, { name: `global ${marker}`, scopes, ...named });
  const made = async (method: string, path: string, body: object): Promise<JsonAnswer['body']> => {
    const headers = { 'x-on-behalf-of': marker };
    const answer = await requestJson(app.url + path, { method, key: global.plaintext, body, headers });
    if (answer.status >= 300) throw new Error(`filling ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const people = await createPeople(made, marker);
  await operatePeople(app, tenant).change(people.user[0] ?? '', { role: 'admin' });
  const agent = createAgents(platform, tenant, marker);
  const research = await createResearch(made, marker, agent);
  const userKey = (userId: string | undefined) =>
    app.mint(tenant, { name: `key ${marker}`, scopeType: 'user', userId: userId ?? '', scopes, ...named });
  const admin = await userKey(people.user[0]);
  const member = await userKey(people.user[1]);
  const spare = await app.mint(tenant, { name: `spare ${marker}`, ...named });
  const keys = [global, admin, member, spare];
  const own = {
    ...people,
    ...research,
    agent,
    key: keys.map(({ id }) => id),
    prefix: keys.map(({ prefix }) => prefix),
    marker: [marker],
    organization: [tenant.id],
  };
  return {
    index,
    tenant,
    marker,
    own,
    globalKey: global.plaintext,
    adminKey: admin.plaintext,
    memberKey: member.plaintext,
  };
}

type Made = (method: string, path: string, body: object) => Promise<JsonAnswer['body']>;

async function createPeople(made: Made, marker: string) {
  const user: string[] = [];
  const group: string[] = [];
  for (const nth of three) {
    const person = { name: `Person ${marker}`, email: `${marker}.${nth}@example.com` };
    user.push((await made('POST', '/v1/members', person)).member.user_id);
    const named = { name: `Group ${nth} ${marker}`, permissions: ['everything', marker] };
    group.push((await made('POST', '/v1/groups', named)).group.group_id);
    await made('POST', `/v1/groups/${group[0]}/members`, { user_id: user.at(-1) });
  }
  return { user, group };
}

/** No call of the platform makes agents. */
function createAgents(platform: PlatformDatabase, tenant: Tenant, marker: string): readonly string[] {
  const rows = three.map(() => ({
    agentId: `agt_${ulid()}`,
    name: `Agent ${marker}`,
    age: 40,
    gender: 'female',
    country: 'DE',
    city: marker,
    occupation: `${marker} nurse`,
    biography: `Knows ${marker} alone.`,
    tags: [marker],
  }));
  platform.sqlite.transaction(() => insertAgents(platform, tenant.id, rows))();
  return rows.map(({ agentId }) => agentId);
}

async function createResearch(made: Made, marker: string, agent: readonly string[]) {
  const study: string[] = [];
  const job: string[] = [];
  const research_group: string[] = [];
  for (const nth of three) {
    const group = { name: `Sample ${nth} ${marker}`, description: marker, agent_ids: agent };
    const { research_group_id } = (await made('POST', '/v1/research-groups', group)).research_group;
    research_group.push(research_group_id);
    const asked = { name: `Study ${marker}`, objective: marker, research_group_id, questions: [marker] };
    const started = await made('POST', '/v1/studies', asked);
    study.push(started.study.study_id);
    job.push(started.job.job_id);
  }
  return { study, job, research_group };
}

export function noteOwners(owners: Owners, { index, own }: FilledOrganization): void {
  for (const id of Object.values(own).flat()) owners.set(id, index);
}
