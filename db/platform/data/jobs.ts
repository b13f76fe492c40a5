import { ulid } from 'ulid';
import { and, desc, eq, lt, sql } from '../../sqlite/connection/drizzle.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { isoTime } from '../routes/reply.ts';
import { jobs } from '../schema.ts';
import type { NewStudy } from './studies.ts';

export type JobRow = typeof jobs.$inferSelect;
type NewJob = Omit<JobRow, 'id' | 'organizationId'>;

/** The most batches of agents per question. */
const MOST_BATCHES = 5;

/** The job that runs `study`. One unit is one question to one batch of agents. */
export function newJob(study: NewStudy, agentCount: number): NewJob {
  const batches = Math.max(1, Math.min(MOST_BATCHES, agentCount));
  return {
    jobId: `job_${ulid(study.createdAtMs)}`,
    kind: 'study_run',
    status: 'queued',
    unitsDone: 0,
    unitsTotal: study.questions.length * batches,
    studyId: study.studyId,
    createdAtMs: study.createdAtMs,
    finishedAtMs: null,
  };
}

/** Queries for the jobs of one organisation. */
export function prepareJobs({ orm }: PlatformDatabase) {
  const own = eq(jobs.organizationId, sql.placeholder('organizationId'));
  const one = orm
    .select()
    .from(jobs)
    .where(and(own, eq(jobs.jobId, sql.placeholder('id'))))
    .prepare();
  const page = orm
    .select()
    .from(jobs)
    .where(and(own, lt(jobs.id, sql.placeholder('before'))))
    .orderBy(desc(jobs.id))
    .limit(sql.placeholder('limit'))
    .prepare();

  return {
    list: (organizationId: string, before: number, limit: number) =>
      page.all({ organizationId, before, limit }),
    find: (organizationId: string, id: string) => one.get({ organizationId, id }),
  };
}

export function jobToWire(row: JobRow) {
  return {
    organization_id: row.organizationId,
    job_id: row.jobId,
    kind: row.kind,
    status: row.status,
    progress: Math.floor((100 * row.unitsDone) / row.unitsTotal),
    study_id: row.studyId,
    created_at: isoTime(row.createdAtMs),
    finished_at: row.finishedAtMs === null ? null : isoTime(row.finishedAtMs),
  };
}

/** Call it inside a transaction. */
export function insertJob({ orm }: PlatformDatabase, organizationId: string, job: NewJob): void {
  orm
    .insert(jobs)
    .values({ ...job, organizationId })
    .run();
}
