import { z } from 'zod';
import { defineTool, memberToWire, plainText } from '#tool';
import { Member, role } from './member.ts';

export const addMember = defineTool({
  name: 'add_member',
  title: 'Add a member',
  description: 'Adds a person to the organisation, active from now on.',
  scope: 'member:write',
  effect: 'writes',
  rest: 'POST /v1/members',
  protocol: 'rest',
  creates: true,
  input: z.strictObject({
    name: plainText(100).describe('What people call the person.'),
    email: z.email().max(254).optional().describe('By which the person is recognised; case does not count.'),
    role: role.default('member'),
  }),
  output: z.object({ member: Member }),
  handle: async ({ name, email, role }, { members }) => ({
    member: memberToWire(await members.add({ name, email: email ?? null, role })),
  }),
});
