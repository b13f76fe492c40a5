import { z } from 'zod';
import { cutPage, defineTool, keyToWire, nextCursor, pageCursor, pageLimit } from '#tool';
import { Key } from './key.ts';

export const listOrgTokens = defineTool({
  name: 'list_org_tokens',
  title: 'List organisation tokens',
  description: 'Lists the keys that belong to the organisation, newest first, without their secrets.',
  scope: 'key:read',
  effect: 'reads',
  rest: 'GET /org/tokens',
  protocol: 'rest',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: z.object({ tokens: z.array(Key), next_cursor: nextCursor }),
  async handle({ limit, cursor }, { keys }) {
    const found = await keys.list({ scopeType: 'global' }, { limit: limit + 1, beforeId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ id }) => id);
    return { tokens: rows.map(keyToWire), next_cursor };
  },
});
