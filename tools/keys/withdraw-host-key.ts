import { z } from 'zod';
import { defineOperatorTool } from '#tool';
import { Grants, hostKeyId } from './host-key.ts';

export const withdrawHostKey = defineOperatorTool({
  name: 'withdraw_host_key',
  title: 'Withdraw an organisation from a host key',
  description: 'A host key may no longer act for the organisation, from its next request on.',
  access: 'admin-token',
  effect: 'destroys',
  rest: 'DELETE /admin/host-keys/{key_id}/grants/{organization_id}',
  input: z.strictObject({ key_id: hostKeyId, organization_id: z.string().min(1).max(64) }),
  output: Grants,
  async handle({ key_id, organization_id }, { hostKeys }) {
    const grants = await hostKeys.changeGrants(key_id, { add: [], withdraw: [organization_id] });
    return { organization_ids: [...grants] };
  },
});
