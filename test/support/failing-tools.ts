import { z } from 'zod';
import { defineTool } from '../../src/tool/public.ts';

/** The call that failed so is under way still. */
const afterwards = () =>
  new Promise<{ left: boolean }>((resolve) => setTimeout(resolve, 300, { left: true }));

const shared = { scope: 'agent:read', effect: 'reads', input: z.strictObject({}) } as const;

/** Leaves a promise to nobody, as a bug would, with a secret in its words. */
const leaveRejection = defineTool({
  ...shared,
  name: 'leave_rejection',
  title: 'Leave a rejection',
  description: 'Its promise is nobody’s.',
  output: z.object({ left: z.boolean() }),
  async handle() {
    void Promise.reject(new Error(`nobody’s, with ${process.env.ADMIN_TOKEN} and ${process.env.DESK_TOKEN}`));
    return afterwards();
  },
});

/** Throws where nobody catches it. */
const throwLater = defineTool({
  ...shared,
  name: 'throw_later',
  title: 'Throw later',
  description: 'Throws beside its call.',
  output: z.object({ left: z.boolean() }),
  async handle() {
    setTimeout(() => {
      throw new Error('thrown by a timer');
    }, 20);
    return afterwards();
  },
});

export const tools = [leaveRejection, throwLater];
