import {
  foreignKey,
  index,
  integer,
  primaryKey,
  sql,
  sqliteTable,
  text,
  unique,
} from '../sqlite/connection/drizzle.ts';

/**
 * The tables of the embedded platform. Ids are unique within an organisation, and every foreign key includes the
 * organisation, so that the database refuses references across organisations.
 */
export const agents = sqliteTable(
  'agents',
  {
    /** Ascending in time: newest first is `id` descending, also in the search index. */
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    agentId: text('agent_id').notNull(),
    name: text('name').notNull(),
    age: integer('age').notNull(),
    gender: text('gender').notNull(),
    /** ISO 3166 alpha-2, upper case. */
    country: text('country').notNull(),
    countryName: text('country_name').notNull(),
    city: text('city').notNull(),
    occupation: text('occupation').notNull(),
    /** In lower case, for the filter: SQLite's lower() handles ASCII only. */
    occupationKey: text('occupation_key').notNull(),
    biography: text('biography').notNull(),
    tags: text('tags', { mode: 'json' }).$type<readonly string[]>().notNull(),
    /** The organisation as one word of the search index (see `organizationToken`). */
    organizationToken: text('organization_token').notNull(),
  },
  (table) => [
    unique('agents_own_id').on(table.organizationId, table.agentId),
    index('agents_by_organization').on(table.organizationId),
    index('agents_by_country').on(table.organizationId, table.country),
  ],
);

export const researchGroups = sqliteTable(
  'research_groups',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    researchGroupId: text('research_group_id').notNull(),
    name: text('name').notNull(),
    description: text('description'),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [
    unique('research_groups_own_id').on(table.organizationId, table.researchGroupId),
    index('research_groups_by_organization').on(table.organizationId),
  ],
);

export const researchGroupMembers = sqliteTable(
  'research_group_members',
  {
    organizationId: text('organization_id').notNull(),
    researchGroupId: text('research_group_id').notNull(),
    agentId: text('agent_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.researchGroupId, table.agentId] }),
    foreignKey({
      columns: [table.organizationId, table.researchGroupId],
      foreignColumns: [researchGroups.organizationId, researchGroups.researchGroupId],
    }),
    foreignKey({
      columns: [table.organizationId, table.agentId],
      foreignColumns: [agents.organizationId, agents.agentId],
    }),
  ],
);

export const studies = sqliteTable(
  'studies',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    studyId: text('study_id').notNull(),
    name: text('name').notNull(),
    objective: text('objective').notNull(),
    researchGroupId: text('research_group_id').notNull(),
    questions: text('questions', { mode: 'json' }).$type<readonly string[]>().notNull(),
    status: text('status', { enum: ['queued', 'running', 'completed'] }).notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    /** The summary; null until the study is completed. */
    summary: text('summary'),
  },
  (table) => [
    unique('studies_own_id').on(table.organizationId, table.studyId),
    index('studies_by_organization').on(table.organizationId),
    foreignKey({
      columns: [table.organizationId, table.researchGroupId],
      foreignColumns: [researchGroups.organizationId, researchGroups.researchGroupId],
    }),
  ],
);

export const jobs = sqliteTable(
  'jobs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    jobId: text('job_id').notNull(),
    kind: text('kind', { enum: ['study_run'] }).notNull(),
    status: text('status', { enum: ['queued', 'running', 'completed'] }).notNull(),
    /** One unit is one question to one batch of agents. */
    unitsDone: integer('units_done').notNull(),
    unitsTotal: integer('units_total').notNull(),
    studyId: text('study_id').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    finishedAtMs: integer('finished_at_ms'),
  },
  (table) => [
    unique('jobs_own_id').on(table.organizationId, table.jobId),
    index('jobs_by_organization').on(table.organizationId),
    index('jobs_unfinished').on(table.id).where(sql`status <> 'completed'`),
    foreignKey({
      columns: [table.organizationId, table.studyId],
      foreignColumns: [studies.organizationId, studies.studyId],
    }),
  ],
);

/** The organisations that already have demo data. */
export const demoSeeds = sqliteTable('demo_seeds', {
  organizationId: text('organization_id').primaryKey(),
  profile: text('profile', { enum: ['acme', 'bolt'] }).notNull(),
  seededAtMs: integer('seeded_at_ms').notNull(),
});
