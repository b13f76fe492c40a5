import { z } from 'zod';
import { cutPage, defineTool, groupToWire, nextCursor, pageCursor, pageLimit } from '#tool';
import { Group } from './group.ts';

export const listGroups = defineTool({
  name: 'list_groups',
  title: 'List permission groups',
  description: 'Lists the permission groups of the organisation with their people, newest first.',
  scope: 'member:read',
  effect: 'reads',
  rest: 'GET /v1/groups',
  protocol: 'rest',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: z.object({ groups: z.array(Group), next_cursor: nextCursor }),
  async handle({ limit, cursor }, { members: { groups } }) {
    const found = await groups.list({ limit: limit + 1, beforeId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ id }) => id);
    return { groups: rows.map(groupToWire), next_cursor };
  },
});
