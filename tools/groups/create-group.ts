import { z } from 'zod';
import { defineTool, groupToWire } from '#tool';
import { Group, groupName, permissions } from './group.ts';

export const createGroup = defineTool({
  name: 'create_group',
  title: 'Create a permission group',
  description: 'Makes a group, without people, whose members will hold its permissions.',
  scope: 'member:write',
  effect: 'writes',
  rest: 'POST /v1/groups',
  protocol: 'rest',
  creates: true,
  input: z.strictObject({ name: groupName, permissions: permissions.default([]) }),
  output: z.object({ group: Group }),
  handle: async (input, { members: { groups } }) => ({ group: groupToWire(await groups.create(input)) }),
});
