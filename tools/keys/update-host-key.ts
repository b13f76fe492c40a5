import { z } from 'zod';
import { defineOperatorTool, keyToWire } from '#tool';
import { Key } from './key.ts';
import { updateFields } from './update-key.ts';

export const updateHostKey = defineOperatorTool({
  name: 'update_host_key',
  title: 'Update a host key',
  description:
    'Changes the name, owner or purpose of a host key, lets it expire earlier, or restricts it further.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'PATCH /admin/host-keys/{key_id}',
  input: z.strictObject(updateFields),
  output: z.object({ key: Key }),
  async handle({ key_id, expires_in_days, ...change }, { hostKeys }) {
    return { key: keyToWire(await hostKeys.update(key_id, { ...change, expiresInDays: expires_in_days })) };
  },
});
