import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupId, groupName, permissions } from './group.ts';

export const updateGroup = defineTool({
  name: 'update_group',
  title: 'Update a permission group',
  description:
    "Renames a group, or replaces its permissions. The next request of its people's own keys sees it.",
  scope: 'member:write',
  effect: 'writes',
  rest: 'PATCH /v1/groups/{group_id}',
  protocol: 'rest',
  input: z
    .strictObject({
      group_id: groupId,
      name: groupName.optional(),
      permissions: permissions.optional(),
    })
    .refine(
      ({ name, permissions }) => name !== undefined || permissions !== undefined,
      'expected name, permissions or both',
    ),
  output: z.object({ group: Group }),
  handle: async ({ group_id, ...change }, { members: { groups } }) => ({
    group: groupToWire(await groups.change(group_id, () => change)),
  }),
});
