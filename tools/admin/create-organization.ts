import { z } from 'zod';
import { defineOperatorTool, keepItWarning, organizationToWire } from '#tool';
import { Organization, organizationName } from './organization.ts';

export const createOrganization = defineOperatorTool({
  name: 'create_organization',
  title: 'Create an organisation',
  description:
    'Makes an organisation with its default key, whose plaintext is shown once. An external id that is known changes nothing.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/organizations',
  creates: true,
  input: z.strictObject({
    name: organizationName,
    external_id: z
      .string()
      .max(200)
      .optional()
      .describe("The platform's own id for it; unique without regard to case, and never changes."),
  }),
  output: z.object({
    organization: Organization,
    created: z.boolean(),
    auth_token: z.string().optional().describe('The plaintext of the default key, where it was just made.'),
    warning: z.string().optional(),
  }),
  async handle({ name, external_id }, { organizations }) {
    const { organization, defaultKey } = await organizations.create(name, external_id ?? null);
    const secret = defaultKey === null ? {} : { auth_token: defaultKey, warning: keepItWarning };
    return { organization: organizationToWire(organization), created: defaultKey !== null, ...secret };
  },
});
