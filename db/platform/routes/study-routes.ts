import type { JobRunner } from '../data/job-runner.ts';
import { insertJob, jobToWire, newJob, prepareJobs } from '../data/jobs.ts';
import { prepareResearchGroups } from '../data/research-groups.ts';
import {
  countGroupAgents,
  insertStudy,
  type NewStudy,
  newStudyId,
  prepareStudies,
  studyToWire,
} from '../data/studies.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { bodyObject, bodyText, bodyTexts, cutPage, pageRequest, startBefore } from './arguments.ts';
import { created, notFound, ok } from './reply.ts';
import type { Route } from './router.ts';

export function studyRoutes(
  database: PlatformDatabase,
  runner: JobRunner,
  now: () => number,
): readonly Route[] {
  const studies = prepareStudies(database);
  const create = prepareCreate(database);
  return [
    {
      method: 'GET',
      path: '/v1/studies',
      answer: ({ organizationId, query }) => {
        const { limit, cursor } = pageRequest(query);
        const rows = studies.list(organizationId, startBefore(cursor), limit + 1);
        const { page, nextCursor } = cutPage(rows, limit);
        return ok({ studies: page.map(studyToWire), next_cursor: nextCursor });
      },
    },
    {
      method: 'GET',
      path: '/v1/studies/{id}',
      answer: ({ organizationId, id }) => {
        const row = studies.find(organizationId, id);
        return row === undefined ? notFound() : ok({ study: studyToWire(row) });
      },
    },
    {
      method: 'POST',
      path: '/v1/studies',
      answer: ({ organizationId, body }) => {
        const made = create.immediate(organizationId, readStudy(body, now()));
        if (made === undefined) return notFound();
        runner.drive(made.job);
        return created({ study: studyToWire(made.study), job: jobToWire(made.job) });
      },
    },
  ];
}

/** Creates a study and its job in one transaction. */
function prepareCreate(database: PlatformDatabase) {
  const studies = prepareStudies(database);
  const groups = prepareResearchGroups(database);
  const jobs = prepareJobs(database);
  return database.sqlite.transaction((organizationId: string, newStudy: NewStudy) => {
    if (groups.find(organizationId, newStudy.researchGroupId) === undefined) return undefined;
    const agentCount = countGroupAgents(database, organizationId, newStudy.researchGroupId);
    const queued = newJob(newStudy, agentCount);
    insertStudy(database, organizationId, newStudy);
    insertJob(database, organizationId, queued);
    const study = studies.find(organizationId, newStudy.studyId);
    const job = jobs.find(organizationId, queued.jobId);
    return study === undefined || job === undefined ? undefined : { study, job };
  });
}

function readStudy(body: unknown, nowMs: number): NewStudy {
  const given = bodyObject(body);
  return {
    studyId: newStudyId(nowMs),
    name: bodyText(given, 'name', 200),
    objective: bodyText(given, 'objective', 2000),
    researchGroupId: bodyText(given, 'research_group_id', 100),
    questions: bodyTexts(given, 'questions', 50, 1000),
    status: 'queued',
    createdAtMs: nowMs,
    summary: null,
  };
}
