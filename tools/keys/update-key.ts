import { z } from 'zod';
import { defineTool, keyToWire, plainText } from '#tool';
import { Key, Restrictions } from './key.ts';

/** The fields of an update, for every type of key. */
export const updateFields = {
  key_id: z.string().min(1).max(64).describe('The id of the key, key_…'),
  name: plainText(100).optional().describe('What people call the key.'),
  owner: plainText(200).optional().describe('Who answers for the key.'),
  purpose: plainText(500).optional().describe('What the key is for.'),
  expires_in_days: z.int().min(1).max(3650).optional().describe('An earlier end than now, in days.'),
  restrictions: Restrictions.optional().describe('Narrower ones than now; what is left out stays.'),
};

export const updateKey = defineTool({
  name: 'update_key',
  title: 'Update a key',
  description:
    'Changes the name, owner or purpose of a key, lets it expire earlier, or restricts it further. Its scopes never change in place.',
  scope: 'key:write',
  effect: 'writes',
  rest: 'PATCH /v1/keys/{key_id}',
  input: z.strictObject(updateFields),
  output: z.object({ key: Key }),
  async handle({ key_id, expires_in_days, ...change }, { keys }) {
    return { key: keyToWire(await keys.update(key_id, { ...change, expiresInDays: expires_in_days })) };
  },
});
