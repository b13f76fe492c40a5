import { z } from 'zod';
import { defineOperatorTool } from '#tool';
import { Grants, hostKeyId, organizationIds } from './host-key.ts';

export const grantHostKey = defineOperatorTool({
  name: 'grant_host_key',
  title: 'Grant organisations to a host key',
  description: 'Lets a host key act for more organisations, from its next request on.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/host-keys/{key_id}/grants',
  input: z.strictObject({ key_id: hostKeyId, organization_ids: organizationIds.min(1) }),
  output: Grants,
  async handle({ key_id, organization_ids }, { hostKeys }) {
    const grants = await hostKeys.changeGrants(key_id, { add: organization_ids, withdraw: [] });
    return { organization_ids: [...grants] };
  },
});
