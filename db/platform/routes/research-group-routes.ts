import {
  countOwnAgents,
  insertResearchGroup,
  type NewResearchGroup,
  newResearchGroupId,
  prepareResearchGroups,
  researchGroupToWire,
} from '../data/research-groups.ts';
import type { PlatformDatabase } from '../platform-database.ts';
import { bodyObject, bodyText, bodyTexts, cutPage, pageRequest, startBefore } from './arguments.ts';
import { created, notFound, ok } from './reply.ts';
import type { Route } from './router.ts';

export function researchGroupRoutes(database: PlatformDatabase, now: () => number): readonly Route[] {
  const groups = prepareResearchGroups(database);
  const create = database.sqlite.transaction((organizationId: string, group: NewResearchGroup) => {
    const known = countOwnAgents(database, organizationId, group.agentIds);
    if (known !== group.agentIds.length) return undefined;
    insertResearchGroup(database, organizationId, group);
    return groups.find(organizationId, group.researchGroupId);
  });
  return [
    {
      method: 'GET',
      path: '/v1/research-groups',
      answer: ({ organizationId, query }) => {
        const { limit, cursor } = pageRequest(query);
        const rows = groups.list(organizationId, startBefore(cursor), limit + 1);
        const { page, nextCursor } = cutPage(rows, limit);
        return ok({ research_groups: page.map(researchGroupToWire), next_cursor: nextCursor });
      },
    },
    {
      method: 'GET',
      path: '/v1/research-groups/{id}',
      answer: ({ organizationId, id }) => {
        const row = groups.find(organizationId, id);
        return row === undefined ? notFound() : ok({ research_group: researchGroupToWire(row) });
      },
    },
    {
      method: 'POST',
      path: '/v1/research-groups',
      answer: ({ organizationId, body }) => {
        const row = create.immediate(organizationId, readGroup(body, now()));
        return row === undefined ? notFound() : created({ research_group: researchGroupToWire(row) });
      },
    },
  ];
}

function readGroup(body: unknown, nowMs: number): NewResearchGroup {
  const given = bodyObject(body);
  const described = given.description !== undefined && given.description !== null;
  return {
    researchGroupId: newResearchGroupId(nowMs),
    name: bodyText(given, 'name', 200),
    description: described ? bodyText(given, 'description', 2000) : null,
    agentIds: [...new Set(bodyTexts(given, 'agent_ids', 500, 100))],
    createdAtMs: nowMs,
  };
}
