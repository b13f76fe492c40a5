import { z } from 'zod';
import { defineTool, nextCursor, pageCursor, pageLimit, path } from '#tool';
import { Agent } from './agent.ts';

const age = z.int().min(0).max(150).optional();

const AgentPage = z.object({
  agents: z.array(Agent).describe('Best match first; without a query the newest first.'),
  next_cursor: nextCursor,
});

export const searchAgents = defineTool({
  name: 'search_agents',
  title: 'Search agents',
  description:
    "Finds agents (simulated people of the organisation's panel) by free text and filters, best match first. " +
    'Use it to compose a research group, or to find out who is in the panel. Everything is optional: without ' +
    'arguments it lists the newest agents. Filters must all hold; the words of the query are looked for whole.',
  scope: 'agent:search',
  effect: 'reads',
  rest: 'GET /v1/agents/search',
  input: z.strictObject({
    query: z
      .string()
      .max(500)
      .optional()
      .describe(
        'Free text, such as "nurse night shift hamburg". Case, accents and punctuation do not matter; there are no operators. ' +
          'Agents with all words in name, occupation or tags come first, then all words anywhere, then any word.',
      ),
    country: z
      .string()
      .regex(/^[A-Za-z]{2}$/)
      .optional()
      .describe('ISO 3166 alpha-2 code, such as DE or BR.'),
    gender: z.enum(['female', 'male', 'non_binary']).optional(),
    min_age: age.describe('Youngest age in years, included.'),
    max_age: age.describe('Oldest age in years, included.'),
    occupation: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Beginning of the occupation in any case: "retired" finds "Retired nurse".'),
    tags: z
      .array(z.string().min(1).max(100))
      .max(20)
      .optional()
      .describe('Tags that an agent must all have, such as ["healthcare", "shift work"].'),
    research_group_id: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Only agents in this research group, `rgp_…`.'),
    limit: pageLimit,
    cursor: pageCursor,
  }),
  output: AgentPage,
  handle: (input, { downstream }) => downstream.get(path`/v1/agents/search`, input, AgentPage),
});
