import { z } from 'zod';
import { defineOperatorTool, organizationToWire } from '#tool';
import { ById, Organization } from './organization.ts';

export const suspendOrganization = defineOperatorTool({
  name: 'suspend_organization',
  title: 'Suspend an organisation',
  description: 'Refuses every request for the organisation, until it is resumed.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/organizations/{organization_id}/suspend',
  input: ById,
  output: z.object({ organization: Organization }),
  async handle({ organization_id }, { organizations }) {
    return { organization: organizationToWire(await organizations.change(organization_id, 'suspend')) };
  },
});
