import { z } from 'zod';
import { cutPage, defineOperatorTool, keyStatuses, keyToWire, nextCursor, pageLimit } from '#tool';
import { Key } from './key.ts';

export const listHostKeys = defineOperatorTool({
  name: 'list_host_keys',
  title: 'List host keys',
  description: 'Lists the host keys, newest first.',
  access: 'admin-token',
  effect: 'reads',
  rest: 'GET /admin/host-keys',
  input: z.strictObject({
    status: z.enum(keyStatuses).optional().describe('Only keys in this state.'),
    limit: pageLimit,
    cursor: z
      .string()
      .regex(/^key_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'expected next_cursor of the page before')
      .optional()
      .describe('next_cursor of the page before.'),
  }),
  output: z.object({
    keys: z.array(Key),
    next_cursor: nextCursor,
  }),
  async handle({ status, limit, cursor }, { hostKeys }) {
    const found = await hostKeys.list({ status }, { limit: limit + 1, beforeId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ id }) => id);
    return { keys: rows.map(keyToWire), next_cursor };
  },
});
