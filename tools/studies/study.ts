import { z } from 'zod';

/** A set of questions to a research group, in the platform's format. */
export const Study = z.object({
  study_id: z.string().describe('Stable id, `std_…`.'),
  name: z.string(),
  objective: z.string(),
  research_group_id: z.string(),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  created_at: z.iso.datetime().describe('ISO 8601, UTC.'),
  summary: z.string().nullish().describe('What came of it; there once the study is completed.'),
});
