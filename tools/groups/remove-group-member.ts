import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupId, userId } from './group.ts';

export const removeGroupMember = defineTool({
  name: 'remove_group_member',
  title: 'Remove a member from a group',
  description: 'Takes from a person what the group grants; they stay a member of the organisation.',
  scope: 'member:write',
  effect: 'destroys',
  rest: 'DELETE /v1/groups/{group_id}/members/{user_id}',
  protocol: 'rest',
  input: z.strictObject({ group_id: groupId, user_id: userId }),
  output: z.object({ group: Group }),
  handle: async ({ group_id, user_id }, { members: { groups } }) => ({
    group: groupToWire(await groups.removeMember(group_id, user_id)),
  }),
});
