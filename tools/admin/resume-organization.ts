import { z } from 'zod';
import { defineOperatorTool, organizationToWire } from '#tool';
import { ById, Organization } from './organization.ts';

export const resumeOrganization = defineOperatorTool({
  name: 'resume_organization',
  title: 'Resume an organisation',
  description: 'Lets a suspended organisation work again.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/organizations/{organization_id}/resume',
  input: ById,
  output: z.object({ organization: Organization }),
  async handle({ organization_id }, { organizations }) {
    return { organization: organizationToWire(await organizations.change(organization_id, 'resume')) };
  },
});
