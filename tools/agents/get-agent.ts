import { z } from 'zod';
import { defineTool, path } from '#tool';
import { Agent } from './agent.ts';

const AgentReply = z.object({ agent: Agent });

export const getAgent = defineTool({
  name: 'get_agent',
  title: 'Get an agent',
  description: 'Gives one agent (a simulated person of the panel) by its id, with the whole biography.',
  scope: 'agent:read',
  effect: 'reads',
  rest: 'GET /v1/agents/{agent_id}',
  resource: {
    uri: 'agent://{agent_id}',
    title: 'Agent profile',
    description:
      'One agent of the panel, whole, as JSON. Its id is completed from words, such as an occupation.',
    completion: { tool: 'search_agents', rows: 'agents', search: 'query' },
  },
  input: z.strictObject({
    agent_id: z.string().min(1).max(100).describe('Id of the agent, `agt_…`, as a search shows it.'),
  }),
  output: AgentReply,
  handle: ({ agent_id }, { downstream }) => downstream.get(path`/v1/agents/${agent_id}`, {}, AgentReply),
});
