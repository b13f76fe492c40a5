import { z } from 'zod';
import { defineOperatorTool, organizationToWire } from '#tool';
import { Organization } from './organization.ts';

export const listOrganizations = defineOperatorTool({
  name: 'list_organizations',
  title: 'List organisations',
  description: 'Every organisation, deleted ones included, the oldest first.',
  access: 'admin-token',
  effect: 'reads',
  rest: 'GET /admin/organizations',
  input: z.strictObject({}),
  output: z.object({ organizations: z.array(Organization) }),
  async handle(_input, { organizations }) {
    return { organizations: (await organizations.list()).map(organizationToWire) };
  },
});
