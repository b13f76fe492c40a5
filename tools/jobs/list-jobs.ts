import { z } from 'zod';
import { defineTool, nextCursor, pageCursor, pageLimit, path } from '#tool';
import { Job } from './job.ts';

const JobPage = z.object({ jobs: z.array(Job), next_cursor: nextCursor });

export const listJobs = defineTool({
  name: 'list_jobs',
  title: 'List jobs',
  description:
    'Lists the jobs of the organisation (background work, such as running a study), newest first, with their progress.',
  scope: 'job:read',
  effect: 'reads',
  rest: 'GET /v1/jobs',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: JobPage,
  handle: (input, { downstream }) => downstream.get(path`/v1/jobs`, input, JobPage),
});
