import { z } from 'zod';
import { defineOperatorTool, organizationToWire } from '#tool';
import { ById, Organization } from './organization.ts';

export const getOrganization = defineOperatorTool({
  name: 'get_organization',
  title: 'Get an organisation',
  description: 'Shows one organisation, deleted or not.',
  access: 'admin-token',
  effect: 'reads',
  rest: 'GET /admin/organizations/{organization_id}',
  input: ById,
  output: z.object({ organization: Organization }),
  async handle({ organization_id }, { organizations }) {
    return { organization: organizationToWire(await organizations.get(organization_id)) };
  },
});
