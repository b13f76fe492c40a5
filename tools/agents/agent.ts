import { z } from 'zod';

/** A simulated person of the organisation's panel, in the platform's format. */
export const Agent = z.object({
  agent_id: z.string().describe('Stable id, `agt_…`.'),
  name: z.string(),
  age: z.int().describe('In years.'),
  gender: z.string().describe('female, male or non_binary.'),
  country: z.string().describe('ISO 3166 alpha-2 code, such as DE.'),
  city: z.string(),
  occupation: z.string(),
  biography: z.string().describe('Two to four sentences: work, household, habits.'),
  tags: z.array(z.string()),
});
