import { z } from 'zod';
import { defineTool, nextCursor, pageCursor, pageLimit, path } from '#tool';
import { ResearchGroup } from './research-group.ts';

const ResearchGroupPage = z.object({ research_groups: z.array(ResearchGroup), next_cursor: nextCursor });

export const listResearchGroups = defineTool({
  name: 'list_research_groups',
  title: 'List research groups',
  description:
    'Lists the research groups of the organisation (named selections of agents that studies are run with), newest first. ' +
    'To see who is in one, use search_agents with its research_group_id.',
  scope: 'research_group:read',
  effect: 'reads',
  rest: 'GET /v1/research-groups',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: ResearchGroupPage,
  handle: (input, { downstream }) => downstream.get(path`/v1/research-groups`, input, ResearchGroupPage),
});
