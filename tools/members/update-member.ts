import { z } from 'zod';
import { defineTool, memberToWire } from '#tool';
import { Member, role, userId } from './member.ts';

export const updateMember = defineTool({
  name: 'update_member',
  title: 'Update a member',
  description:
    "Changes a person's role, or whether they are active here. The next request of their own keys sees it.",
  scope: 'member:write',
  effect: 'writes',
  rest: 'PATCH /v1/members/{user_id}',
  protocol: 'rest',
  input: z
    .strictObject({
      user_id: userId,
      role: role.optional(),
      active: z.boolean().optional().describe('Keys of an inactive person are refused.'),
    })
    .refine(
      ({ role, active }) => role !== undefined || active !== undefined,
      'expected role, active or both',
    ),
  output: z.object({ member: Member }),
  handle: async ({ user_id, role, active }, { members }) => ({
    member: memberToWire(await members.change(user_id, { role, active })),
  }),
});
