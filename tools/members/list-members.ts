import { z } from 'zod';
import { cutPage, defineTool, memberToWire, nextCursor, pageCursor, pageLimit } from '#tool';
import { Member } from './member.ts';

export const listMembers = defineTool({
  name: 'list_members',
  title: 'List members',
  description: 'Lists the people of the organisation, the newest person first.',
  scope: 'member:read',
  effect: 'reads',
  rest: 'GET /v1/members',
  protocol: 'rest',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: z.object({ members: z.array(Member), next_cursor: nextCursor }),
  async handle({ limit, cursor }, { members }) {
    const found = await members.list({ limit: limit + 1, beforeId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ userId }) => userId);
    return { members: rows.map(memberToWire), next_cursor };
  },
});
