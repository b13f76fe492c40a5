import { z } from 'zod';
import { defineOperatorTool, keyToWire } from '#tool';
import { Grants, hostKeyId } from './host-key.ts';
import { Key } from './key.ts';

export const getHostKey = defineOperatorTool({
  name: 'get_host_key',
  title: 'Get a host key',
  description: 'Shows one host key, and the organisations that it may act for.',
  access: 'admin-token',
  effect: 'reads',
  rest: 'GET /admin/host-keys/{key_id}',
  input: z.strictObject({ key_id: hostKeyId }),
  output: Grants.extend({ key: Key }),
  async handle({ key_id }, { hostKeys }) {
    const key = keyToWire(await hostKeys.get(key_id));
    return { key, organization_ids: [...(await hostKeys.grants(key_id))] };
  },
});
