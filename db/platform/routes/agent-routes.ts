import { type AgentRow, agentColumns, agentToWire } from '../data/agents.ts';
import { type AgentFilters, prepareAgentSearch } from '../data/search-agents.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { oneText, pageRequest, wholeNumber } from './arguments.ts';
import { malformed, notFound, ok } from './reply.ts';
import type { Route } from './router.ts';

export function agentRoutes(database: PlatformDatabase): readonly Route[] {
  const search = prepareAgentSearch(database);
  const find = database.sqlite.prepare<[string, string], AgentRow>(
    `SELECT ${agentColumns} FROM agents a WHERE a.organization_id = ? AND a.agent_id = ?`,
  );
  return [
    {
      method: 'GET',
      path: '/v1/agents/search',
      answer: ({ organizationId, query }) => {
        const page = search(organizationId, {
          query: oneText(query, 'query') ?? '',
          filters: readFilters(query),
          ...pageRequest(query),
        });
        return ok({ agents: page.agents.map(agentToWire), next_cursor: page.nextCursor });
      },
    },
    {
      method: 'GET',
      path: '/v1/agents/{id}',
      answer: ({ organizationId, id }) => {
        const row = find.get(organizationId, id);
        return row === undefined ? notFound() : ok({ agent: agentToWire(row) });
      },
    },
  ];
}

function readFilters(query: URLSearchParams): AgentFilters {
  const tags = [...new Set(query.getAll('tags').map((tag) => tag.toLowerCase()))];
  return {
    country: oneText(query, 'country'),
    gender: oneText(query, 'gender'),
    minAge: wholeNumber(query, 'min_age', 0, 200),
    maxAge: wholeNumber(query, 'max_age', 0, 200),
    occupation: oneText(query, 'occupation'),
    tags: tags.length > 50 ? malformed('tags') : tags,
    researchGroupId: oneText(query, 'research_group_id'),
  };
}
