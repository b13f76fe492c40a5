import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupId } from './group.ts';

export const deleteGroup = defineTool({
  name: 'delete_group',
  title: 'Delete a permission group',
  description: 'Ends a group; its people lose what it granted them. Answers the group as it was.',
  scope: 'member:write',
  effect: 'destroys',
  rest: 'DELETE /v1/groups/{group_id}',
  protocol: 'rest',
  input: z.strictObject({ group_id: groupId }),
  output: z.object({ group: Group }),
  handle: async ({ group_id }, { members: { groups } }) => ({
    group: groupToWire(await groups.delete(group_id)),
  }),
});
