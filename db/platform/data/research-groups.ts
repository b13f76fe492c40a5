import { ulid } from 'ulid';
import { and, count, desc, eq, lt, sql } from '../../sqlite/connection/drizzle.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { isoTime } from '../routes/reply.ts';
import { agents, researchGroups as groups, researchGroupMembers as members } from '../schema.ts';

export type NewResearchGroup = {
  readonly researchGroupId: string;
  readonly name: string;
  readonly description: string | null;
  readonly agentIds: readonly string[];
  readonly createdAtMs: number;
};

export const newResearchGroupId = (nowMs: number): string => `rgp_${ulid(nowMs)}`;

/** Queries for the research groups of one organisation, with their number of agents. */
export function prepareResearchGroups({ orm }: PlatformDatabase) {
  const rows = () =>
    orm
      .select({
        id: groups.id,
        organizationId: groups.organizationId,
        researchGroupId: groups.researchGroupId,
        name: groups.name,
        description: groups.description,
        createdAtMs: groups.createdAtMs,
        agentCount: count(members.agentId),
      })
      .from(groups)
      .leftJoin(
        members,
        and(
          eq(members.organizationId, groups.organizationId),
          eq(members.researchGroupId, groups.researchGroupId),
        ),
      );
  const own = eq(groups.organizationId, sql.placeholder('organizationId'));
  const one = rows()
    .where(and(own, eq(groups.researchGroupId, sql.placeholder('id'))))
    .groupBy(groups.id)
    .prepare();
  const page = rows()
    .where(and(own, lt(groups.id, sql.placeholder('before'))))
    .groupBy(groups.id)
    .orderBy(desc(groups.id))
    .limit(sql.placeholder('limit'))
    .prepare();

  return {
    list: (organizationId: string, before: number, limit: number) =>
      page.all({ organizationId, before, limit }),
    find: (organizationId: string, id: string) => one.get({ organizationId, id }),
  };
}

type ResearchGroupRow = NonNullable<ReturnType<ReturnType<typeof prepareResearchGroups>['find']>>;

export function researchGroupToWire(row: ResearchGroupRow) {
  return {
    organization_id: row.organizationId,
    research_group_id: row.researchGroupId,
    name: row.name,
    description: row.description,
    agent_count: row.agentCount,
    created_at: isoTime(row.createdAtMs),
  };
}

/** How many distinct `agentIds` belong to the organisation. */
export function countOwnAgents(
  { orm }: PlatformDatabase,
  organizationId: string,
  agentIds: readonly string[],
) {
  const listed = sql`${agents.agentId} IN (SELECT value FROM json_each(${JSON.stringify(agentIds)}))`;
  const where = and(eq(agents.organizationId, organizationId), listed);
  return orm.select({ found: count() }).from(agents).where(where).get()?.found ?? 0;
}

/** Inserts a group. Call it inside a transaction. The database refuses agents of another organisation. */
export function insertResearchGroup(
  { orm }: PlatformDatabase,
  organizationId: string,
  group: NewResearchGroup,
) {
  const { agentIds, ...row } = group;
  orm
    .insert(groups)
    .values({ ...row, organizationId })
    .run();
  const { researchGroupId } = group;
  orm
    .insert(members)
    .values(agentIds.map((agentId) => ({ organizationId, researchGroupId, agentId })))
    .run();
}
