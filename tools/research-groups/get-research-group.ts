import { z } from 'zod';
import { defineTool, path } from '#tool';
import { ResearchGroup } from './research-group.ts';

const ResearchGroupReply = z.object({ research_group: ResearchGroup });

export const getResearchGroup = defineTool({
  name: 'get_research_group',
  title: 'Get a research group',
  description:
    'Gives one research group by its id: name, description and how many agents it holds. ' +
    'To see who they are, use search_agents with this research_group_id.',
  scope: 'research_group:read',
  effect: 'reads',
  rest: 'GET /v1/research-groups/{research_group_id}',
  input: z.strictObject({
    research_group_id: z.string().min(1).max(100).describe('Id of the research group, `rgp_…`.'),
  }),
  output: ResearchGroupReply,
  handle: ({ research_group_id }, { downstream }) =>
    downstream.get(path`/v1/research-groups/${research_group_id}`, {}, ResearchGroupReply),
});
