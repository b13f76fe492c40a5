import { z } from 'zod';

/**
 * The job that runs a study. A test keeps it equal to tools/jobs/job.ts, because tools import only their neighbours.
 */
export const StudyJob = z.object({
  job_id: z.string().describe('Stable id, `job_…`.'),
  kind: z.string().describe('What it does, such as study_run.'),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  progress: z.number().min(0).max(100).describe('In per cent.'),
  study_id: z.string().nullable().describe('The study that it runs.'),
  created_at: z.iso.datetime().describe('ISO 8601, UTC.'),
  finished_at: z.iso.datetime().nullable().describe('ISO 8601, UTC; null until it has ended.'),
});
