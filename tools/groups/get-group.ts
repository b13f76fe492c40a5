import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupId } from './group.ts';

export const getGroup = defineTool({
  name: 'get_group',
  title: 'Get a permission group',
  description: 'Shows one permission group of the organisation with its people.',
  scope: 'member:read',
  effect: 'reads',
  rest: 'GET /v1/groups/{group_id}',
  protocol: 'rest',
  input: z.strictObject({ group_id: groupId }),
  output: z.object({ group: Group }),
  handle: async ({ group_id }, { members: { groups } }) => ({
    group: groupToWire(await groups.get(group_id)),
  }),
});
