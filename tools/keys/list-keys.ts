import { z } from 'zod';
import { cutPage, defineTool, keyStatuses, keyToWire, nextCursor, pageCursor, pageLimit } from '#tool';
import { Key } from './key.ts';

export const listKeys = defineTool({
  name: 'list_keys',
  title: 'List keys',
  description:
    'Lists the keys of the organisation, newest first, without their secrets. Without key:write one sees their own keys alone.',
  scope: 'key:read',
  effect: 'reads',
  rest: 'GET /v1/keys',
  input: z.strictObject({
    status: z.enum(keyStatuses).optional().describe('Only keys in this state.'),
    scope_type: z
      .enum(['global', 'user', 'host', 'workspace'])
      .optional()
      .describe('Only keys of this kind.'),
    user_id: z.string().min(1).max(64).optional().describe('Only keys bound to this user.'),
    limit: pageLimit,
    cursor: pageCursor,
  }),
  output: z.object({ keys: z.array(Key), next_cursor: nextCursor }),
  async handle({ status, scope_type, user_id, limit, cursor }, { keys }) {
    const filter = { status, scopeType: scope_type, userId: user_id };
    const found = await keys.list(filter, { limit: limit + 1, beforeId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ id }) => id);
    return { keys: rows.map(keyToWire), next_cursor };
  },
});
