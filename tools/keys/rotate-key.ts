import { z } from 'zod';
import { defineTool, rotatedToWire } from '#tool';
import { Rotated, rotateFields } from './rotation.ts';

export const rotateKey = defineTool({
  name: 'rotate_key',
  title: 'Rotate a key',
  description:
    'Replaces a key without downtime: returns the plaintext of its replacement once, and keeps the old key valid for a while. ' +
    'A canonical key gets the canonical set of now; where scopes would be lost it refuses and names them, unless drop_scopes is true.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'POST /v1/keys/{key_id}/rotate',
  creates: true,
  input: z.strictObject(rotateFields),
  output: Rotated,
  async handle({ key_id, drop_scopes, ...request }, { keys }) {
    return rotatedToWire(await keys.rotate(key_id, { ...request, dropScopes: drop_scopes }));
  },
});
