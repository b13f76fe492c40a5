import { and, eq, ne } from '../../sqlite/connection/drizzle.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { jobs, studies } from '../schema.ts';
import type { JobRow } from './jobs.ts';
import { listGroupAgents } from './studies.ts';
import { summarizeStudy } from './study-summary.ts';

/** How long a job takes in total, for any number of steps. */
const RUN_MS = 1800;
const MOST_STEPS = 20;
const RETRY_MS = 1000;

export type JobRunner = {
  /** Drives all unfinished jobs. Calling it again does no harm. */
  wake(): void;
  /** Drives one job, unless it is being driven. */
  drive(job: JobRow): void;
  stop(): void;
};

/**
 * Moves jobs through queued, running and completed. Each step is stored, so that a restart continues with the next one.
 * Several processes may drive one file: a step applies only to the state for which it was planned.
 */
export function startJobRunner(database: PlatformDatabase, now: () => number): JobRunner {
  const timers = new Map<number, NodeJS.Timeout>();
  const step = prepareStep(database, now);
  let stopped = false;

  function plan(job: JobRow, delayMs: number): void {
    const timer = setTimeout(() => run(job), delayMs);
    timer.unref();
    timers.set(job.id, timer);
  }

  /** A boundary: a timer has no caller, and a busy or full disk must not end the process. */
  function run(job: JobRow): void {
    timers.delete(job.id);
    if (stopped) return;
    try {
      const next = step.immediate(job);
      if (next !== undefined && next.status !== 'completed') plan(next, stepMs(next));
    } catch {
      plan(job, RETRY_MS);
    }
  }

  const runner: JobRunner = {
    wake() {
      if (stopped) return;
      for (const job of unfinishedJobs(database)) runner.drive(job);
    },
    drive(job) {
      if (stopped || job.status === 'completed' || timers.has(job.id)) return;
      plan(job, firstDelayMs(job, now()));
    },
    stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
  runner.wake();
  return runner;
}

/** The only query across organisations. It finds the jobs to drive; each is then driven within its own organisation. */
function unfinishedJobs({ orm }: PlatformDatabase): readonly JobRow[] {
  return orm.select().from(jobs).where(ne(jobs.status, 'completed')).all();
}

const unitsPerStep = (job: JobRow): number => Math.ceil(job.unitsTotal / MOST_STEPS);
const stepMs = (job: JobRow): number => RUN_MS / (1 + Math.ceil(job.unitsTotal / unitsPerStep(job)));

/** An overdue step runs at once, so that a job also completes in processes that live for less than a step. */
function firstDelayMs(job: JobRow, nowMs: number): number {
  const stepsDone = job.status === 'queued' ? 0 : 1 + Math.ceil(job.unitsDone / unitsPerStep(job));
  const dueMs = job.createdAtMs + (stepsDone + 1) * stepMs(job);
  return Math.min(Math.max(0, dueMs - nowMs), stepMs(job));
}

/** Makes one step from the state `job`. Returns the job afterwards. */
function prepareStep(database: PlatformDatabase, now: () => number) {
  return database.sqlite.transaction((job: JobRow) => {
    const own = and(eq(jobs.organizationId, job.organizationId), eq(jobs.jobId, job.jobId));
    const unitsDone =
      job.status === 'queued' ? 0 : Math.min(job.unitsTotal, job.unitsDone + unitsPerStep(job));
    const completed = unitsDone === job.unitsTotal;
    const status = completed ? 'completed' : 'running';
    const planned = and(own, eq(jobs.status, job.status), eq(jobs.unitsDone, job.unitsDone));
    const moved = database.orm
      .update(jobs)
      .set({ status, unitsDone, finishedAtMs: completed ? now() : null })
      .where(planned)
      .run();
    if (moved.changes === 1) moveStudy(database, job, status);
    return database.orm.select().from(jobs).where(own).get();
  });
}

function moveStudy(database: PlatformDatabase, job: JobRow, status: 'running' | 'completed'): void {
  const { organizationId, studyId } = job;
  const own = and(eq(studies.organizationId, organizationId), eq(studies.studyId, studyId));
  const study = database.orm.select().from(studies).where(own).get();
  if (study === undefined) return;
  const summary =
    status === 'completed'
      ? summarizeStudy(study.questions, listGroupAgents(database, organizationId, study.researchGroupId))
      : null;
  database.orm.update(studies).set({ status, summary }).where(own).run();
}
