import { z } from 'zod';
import { cutPage, defineOperatorTool, nextCursor, organizationToWire, pageLimit } from '#tool';
import { Organization } from './organization.ts';

export const listOrganizations = defineOperatorTool({
  name: 'list_organizations',
  title: 'List organisations',
  description: 'Every organisation, deleted ones included, the oldest first.',
  access: 'admin-token',
  effect: 'reads',
  rest: 'GET /admin/organizations',
  input: z.strictObject({
    limit: pageLimit,
    cursor: z
      .string()
      .regex(/^org_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'expected next_cursor of the page before')
      .optional()
      .describe('next_cursor of the page before.'),
  }),
  output: z.object({ organizations: z.array(Organization), next_cursor: nextCursor }),
  async handle({ limit, cursor }, { organizations }) {
    const found = await organizations.list({ limit: limit + 1, afterId: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ id }) => id);
    return { organizations: rows.map(organizationToWire), next_cursor };
  },
});
