import { z } from 'zod';
import { defineOperatorTool, organizationToWire } from '#tool';
import { ById, Organization } from './organization.ts';

export const deleteOrganization = defineOperatorTool({
  name: 'delete_organization',
  title: 'Delete an organisation',
  description: 'Ends the organisation and revokes its keys, for good; its id is never used again.',
  access: 'admin-token',
  effect: 'destroys',
  rest: 'DELETE /admin/organizations/{organization_id}',
  input: ById,
  output: z.object({ organization: Organization }),
  async handle({ organization_id }, { organizations }) {
    return { organization: organizationToWire(await organizations.change(organization_id, 'delete')) };
  },
});
