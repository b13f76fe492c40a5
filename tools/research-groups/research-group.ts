import { z } from 'zod';

/** A named selection of agents, in the platform's format. */
export const ResearchGroup = z.object({
  research_group_id: z.string().describe('Stable id, `rgp_…`.'),
  name: z.string(),
  description: z.string().nullable(),
  agent_count: z.int().describe('How many agents it holds.'),
  created_at: z.iso.datetime().describe('ISO 8601, UTC.'),
});
