import { z } from 'zod';
import { defineTool, path } from '#tool';
import { Job } from './job.ts';

const JobReply = z.object({ job: Job });

export const getJob = defineTool({
  name: 'get_job',
  title: 'Get a job',
  description:
    'Gives one job by its id: its status and its progress in per cent. Ask again until it is completed or failed.',
  scope: 'job:read',
  effect: 'reads',
  rest: 'GET /v1/jobs/{job_id}',
  input: z.strictObject({
    job_id: z.string().min(1).max(100).describe('Id of the job, `job_…`, as create_study gives it.'),
  }),
  output: JobReply,
  handle: ({ job_id }, { downstream }) => downstream.get(path`/v1/jobs/${job_id}`, {}, JobReply),
});
