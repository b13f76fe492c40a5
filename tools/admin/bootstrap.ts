import { z } from 'zod';
import { defineOperatorTool, keepThemWarning, organizationToWire } from '#tool';
import { Organization, organizationName } from './organization.ts';

export const bootstrap = defineOperatorTool({
  name: 'bootstrap',
  title: 'Make the first organisation',
  description:
    'Makes the first organisation of an empty store, its default key and a key that manages it; both are shown once. From this machine alone, with the code that the server printed at its start.',
  access: 'bootstrap-code',
  effect: 'writes',
  rest: 'POST /admin/bootstrap',
  creates: true,
  input: z.strictObject({
    organization: organizationName,
    code: z.string().min(1).max(200).describe('The one-time code.'),
  }),
  output: z.object({
    organization: Organization,
    default_key: z.string().describe('The plaintext; shown this once.'),
    manager_key: z.string().describe('The plaintext; shown this once.'),
    warning: z.string(),
  }),
  async handle({ organization: name, code }, context) {
    const { organization, defaultKey, managerKey } = await context.bootstrap({ name, code });
    return {
      organization: organizationToWire(organization),
      default_key: defaultKey,
      manager_key: managerKey,
      warning: keepThemWarning,
    };
  },
});
