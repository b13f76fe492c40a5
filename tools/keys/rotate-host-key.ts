import { z } from 'zod';
import { defineOperatorTool, rotatedToWire } from '#tool';
import { Rotated, rotateFields } from './rotation.ts';

export const rotateHostKey = defineOperatorTool({
  name: 'rotate_host_key',
  title: 'Rotate a host key',
  description:
    'Replaces a host key without downtime; the replacement, whose plaintext is shown once, may act for the same organisations.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/host-keys/{key_id}/rotate',
  creates: true,
  input: z.strictObject(rotateFields),
  output: Rotated,
  async handle({ key_id, drop_scopes, ...request }, { hostKeys }) {
    return rotatedToWire(await hostKeys.rotate(key_id, { ...request, dropScopes: drop_scopes }));
  },
});
