import type { JobRunner } from '../data/job-runner.ts';
import { jobToWire, prepareJobs } from '../data/jobs.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { cutPage, pageRequest, startBefore } from './arguments.ts';
import { notFound, ok } from './reply.ts';
import type { Route } from './router.ts';

export function jobRoutes(database: PlatformDatabase, runner: JobRunner): readonly Route[] {
  const jobs = prepareJobs(database);
  return [
    {
      method: 'GET',
      path: '/v1/jobs',
      answer: ({ organizationId, query }) => {
        const { limit, cursor } = pageRequest(query);
        const rows = jobs.list(organizationId, startBefore(cursor), limit + 1);
        const { page, nextCursor } = cutPage(rows, limit);
        return ok({ jobs: page.map(jobToWire), next_cursor: nextCursor });
      },
    },
    {
      method: 'GET',
      path: '/v1/jobs/{id}',
      answer: ({ organizationId, id }) => {
        const row = jobs.find(organizationId, id);
        if (row === undefined) return notFound();
        // The process that drove the job may have ended.
        runner.drive(row);
        return ok({ job: jobToWire(row) });
      },
    },
  ];
}
