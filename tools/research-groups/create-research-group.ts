import { z } from 'zod';
import { defineTool, path } from '#tool';
import { ResearchGroup } from './research-group.ts';

const ResearchGroupReply = z.object({ research_group: ResearchGroup });

export const createResearchGroup = defineTool({
  name: 'create_research_group',
  title: 'Create a research group',
  description:
    'Makes a research group, a named selection of agents that a study can be run with. Find the agents with search_agents first ' +
    'and pass their ids. Fails as a whole where one of the ids is unknown.',
  scope: 'research_group:write',
  effect: 'writes',
  rest: 'POST /v1/research-groups',
  creates: true,
  input: z.strictObject({
    name: z.string().trim().min(1).max(200).describe('What the group is called, for people.'),
    description: z.string().trim().min(1).max(2000).optional().describe('Who is in it, and what for.'),
    agent_ids: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(500)
      .describe('Ids of the agents, `agt_…`, 1 to 500; one named twice counts once.'),
  }),
  output: ResearchGroupReply,
  handle: (input, { downstream }) => downstream.post(path`/v1/research-groups`, input, ResearchGroupReply),
});
