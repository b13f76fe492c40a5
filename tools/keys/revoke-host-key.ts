import { z } from 'zod';
import { defineOperatorTool, keyToWire } from '#tool';
import { hostKeyId } from './host-key.ts';
import { Key } from './key.ts';

export const revokeHostKey = defineOperatorTool({
  name: 'revoke_host_key',
  title: 'Revoke a host key',
  description: 'Ends a host key at once: its next request is refused, for every organisation.',
  access: 'admin-token',
  effect: 'destroys',
  rest: 'DELETE /admin/host-keys/{key_id}',
  input: z.strictObject({ key_id: hostKeyId }),
  output: z.object({ key: Key }),
  handle: async ({ key_id }, { hostKeys }) => ({ key: keyToWire((await hostKeys.revoke(key_id)).key) }),
});
