import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import { whileBusy } from '../../sqlite/connection/busy.ts';
import { eq } from '../../sqlite/connection/drizzle.ts';
import { insertAgents } from '../data/agents.ts';
import { insertJob, newJob } from '../data/jobs.ts';
import { insertResearchGroup } from '../data/research-groups.ts';
import { insertStudy, listGroupAgents, type NewStudy } from '../data/studies.ts';
import { summarizeStudy } from '../data/study-summary.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { demoSeeds } from '../schema.ts';
import { acme } from './acme.ts';
import { bolt } from './bolt.ts';
import type { DemoContent, DemoPerson } from './demo-content.ts';
import { createDraw } from './draw.ts';
import { loadNames } from './names.ts';
import { drawPeople } from './people.ts';

export type DemoProfile = 'acme' | 'bolt';

const PEOPLE = 300;
const DAY_MS = 86_400_000;
/** How long a starting process waits for another one that seeds. */
const BUSY_TIMEOUT_MS = 5000;
const STUDY_MS = 1_800;

const profiles: Readonly<Record<DemoProfile, DemoContent>> = { acme, bolt };

/** Seeds the organisation once, completely or not at all. The people depend only on the profile. */
export async function seedDemo(
  database: PlatformDatabase,
  organizationId: string,
  profile: DemoProfile,
  nowMs: number,
): Promise<void> {
  if (isSeeded(database, organizationId)) return;
  const content = profiles[profile];
  const names = await loadNames(content);
  const people = drawPeople(content, names, PEOPLE);
  const seed = database.sqlite.transaction(() => {
    if (isSeeded(database, organizationId)) return;
    const filling = { database, organizationId, nowMs, newId: idsOf(organizationId, profile) };
    const agentIds = fillAgents(filling, people);
    const groupIds = fillGroups(filling, content, people, agentIds);
    for (const study of content.studies) fillStudy(filling, study, groupIds.get(study.group));
    // Merges the index, which makes later searches faster. The number bounds the work on a large store.
    database.sqlite.exec(`INSERT INTO agent_search (agent_search, rank) VALUES ('merge', -500)`);
    database.orm.insert(demoSeeds).values({ organizationId, profile, seededAtMs: nowMs }).run();
  });
  await whileBusy(BUSY_TIMEOUT_MS, seed.immediate);
}

function isSeeded({ orm }: PlatformDatabase, organizationId: string): boolean {
  const row = orm.select().from(demoSeeds).where(eq(demoSeeds.organizationId, organizationId)).get();
  return row !== undefined;
}

type Filling = {
  readonly database: PlatformDatabase;
  readonly organizationId: string;
  readonly nowMs: number;
  newId(tag: string, atMs: number): string;
};

/** Ids that depend on the organisation, the profile and the time only. */
function idsOf(organizationId: string, profile: DemoProfile): Filling['newId'] {
  const hash = createHash('sha256').update(`${profile} ${organizationId}`).digest();
  const draw = createDraw(hash.readUInt32BE());
  return (tag, atMs) => `${tag}_${ulid(atMs, draw.next)}`;
}

function fillAgents(
  { database, organizationId, nowMs, newId }: Filling,
  people: readonly DemoPerson[],
): readonly string[] {
  const rows = people.map((person) => ({ ...person, agentId: newId('agt', nowMs - 60 * DAY_MS) }));
  insertAgents(database, organizationId, rows);
  return rows.map(({ agentId }) => agentId);
}

function fillGroups(
  { database, organizationId, nowMs, newId }: Filling,
  content: DemoContent,
  people: readonly DemoPerson[],
  agentIds: readonly string[],
): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const [index, group] of content.groups.entries()) {
    const createdAtMs = nowMs - (58 - index) * DAY_MS;
    const researchGroupId = newId('rgp', createdAtMs);
    const held = agentIds.filter((_, position) => {
      const person = people.at(position);
      return person !== undefined && group.holds(person);
    });
    const { name, description } = group;
    insertResearchGroup(database, organizationId, {
      researchGroupId,
      name,
      description,
      agentIds: held,
      createdAtMs,
    });
    ids.set(name, researchGroupId);
  }
  return ids;
}

function fillStudy(
  { database, organizationId, nowMs, newId }: Filling,
  study: DemoContent['studies'][number],
  researchGroupId: string | undefined,
): void {
  if (researchGroupId === undefined) throw new Error(`no demo group for ${study.name}`);
  const createdAtMs = nowMs - study.daysAgo * DAY_MS;
  const asked = listGroupAgents(database, organizationId, researchGroupId);
  const completed: NewStudy = {
    studyId: newId('std', createdAtMs),
    name: study.name,
    objective: study.objective,
    researchGroupId,
    questions: study.questions,
    status: 'completed',
    createdAtMs,
    summary: summarizeStudy(study.questions, asked),
  };
  const job = newJob(completed, asked.length);
  insertStudy(database, organizationId, completed);
  insertJob(database, organizationId, {
    ...job,
    jobId: newId('job', createdAtMs),
    status: 'completed',
    unitsDone: job.unitsTotal,
    finishedAtMs: createdAtMs + STUDY_MS,
  });
}
