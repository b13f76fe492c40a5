import { ulid } from 'ulid';
import { and, count, desc, eq, lt, sql } from '../../sqlite/connection/drizzle.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { isoTime } from '../routes/reply.ts';
import { agents, researchGroupMembers as members, studies } from '../schema.ts';

type StudyRow = typeof studies.$inferSelect;
export type NewStudy = Omit<StudyRow, 'id' | 'organizationId'>;

export const newStudyId = (nowMs: number): string => `std_${ulid(nowMs)}`;

/** Queries for the studies of one organisation. */
export function prepareStudies({ orm }: PlatformDatabase) {
  const own = eq(studies.organizationId, sql.placeholder('organizationId'));
  const one = orm
    .select()
    .from(studies)
    .where(and(own, eq(studies.studyId, sql.placeholder('id'))))
    .prepare();
  const page = orm
    .select()
    .from(studies)
    .where(and(own, lt(studies.id, sql.placeholder('before'))))
    .orderBy(desc(studies.id))
    .limit(sql.placeholder('limit'))
    .prepare();

  return {
    list: (organizationId: string, before: number, limit: number) =>
      page.all({ organizationId, before, limit }),
    find: (organizationId: string, id: string) => one.get({ organizationId, id }),
  };
}

/** A study on the wire. `summary` is present when the study is completed. */
export function studyToWire(row: StudyRow) {
  return {
    organization_id: row.organizationId,
    study_id: row.studyId,
    name: row.name,
    objective: row.objective,
    research_group_id: row.researchGroupId,
    status: row.status,
    created_at: isoTime(row.createdAtMs),
    ...(row.summary === null ? {} : { summary: row.summary }),
  };
}

/** Call it inside a transaction. */
export function insertStudy({ orm }: PlatformDatabase, organizationId: string, study: NewStudy): void {
  orm
    .insert(studies)
    .values({ ...study, organizationId })
    .run();
}

/** The agents of a study's research group. */
export function listGroupAgents({ orm }: PlatformDatabase, organizationId: string, researchGroupId: string) {
  return orm
    .select({
      age: agents.age,
      gender: agents.gender,
      country: agents.countryName,
      occupation: agents.occupation,
    })
    .from(members)
    .innerJoin(
      agents,
      and(eq(agents.organizationId, members.organizationId), eq(agents.agentId, members.agentId)),
    )
    .where(and(eq(members.organizationId, organizationId), eq(members.researchGroupId, researchGroupId)))
    .all();
}

export function countGroupAgents(
  { orm }: PlatformDatabase,
  organizationId: string,
  researchGroupId: string,
): number {
  const where = and(eq(members.organizationId, organizationId), eq(members.researchGroupId, researchGroupId));
  return orm.select({ found: count() }).from(members).where(where).get()?.found ?? 0;
}
