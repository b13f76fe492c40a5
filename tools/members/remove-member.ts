import { z } from 'zod';
import { defineTool, memberToWire } from '#tool';
import { Member, userId } from './member.ts';

export const removeMember = defineTool({
  name: 'remove_member',
  title: 'Remove a member',
  description:
    'Takes a person out of the organisation and its groups; their own keys are refused from then on. Answers the member as they were.',
  scope: 'member:write',
  effect: 'destroys',
  rest: 'DELETE /v1/members/{user_id}',
  protocol: 'rest',
  input: z.strictObject({ user_id: userId }),
  output: z.object({ member: Member }),
  handle: async ({ user_id }, { members }) => ({ member: memberToWire(await members.remove(user_id)) }),
});
