import { z } from 'zod';
import { defineTool, memberToWire } from '#tool';
import { Member, userId } from './member.ts';

export const getMember = defineTool({
  name: 'get_member',
  title: 'Get a member',
  description: 'Shows one person of the organisation.',
  scope: 'member:read',
  effect: 'reads',
  rest: 'GET /v1/members/{user_id}',
  protocol: 'rest',
  input: z.strictObject({ user_id: userId }),
  output: z.object({ member: Member }),
  handle: async ({ user_id }, { members }) => ({ member: memberToWire(await members.get(user_id)) }),
});
