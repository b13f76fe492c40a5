import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupId, userId } from './group.ts';

export const addGroupMember = defineTool({
  name: 'add_group_member',
  title: 'Add a member to a group',
  description: 'Gives a member of the organisation what the group grants; one who is in it stays in it.',
  scope: 'member:write',
  effect: 'writes',
  rest: 'POST /v1/groups/{group_id}/members',
  protocol: 'rest',
  input: z.strictObject({ group_id: groupId, user_id: userId }),
  output: z.object({ group: Group }),
  handle: async ({ group_id, user_id }, { members: { groups } }) => ({
    group: groupToWire(await groups.addMember(group_id, user_id)),
  }),
});
