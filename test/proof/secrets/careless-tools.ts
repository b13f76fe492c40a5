import { z } from 'zod';
import { defineTool } from '#tool';

const failCarelessly = defineTool({
  name: 'fail_carelessly',
  title: 'Fail carelessly',
  description: 'Throws what it was given, as the code of somebody in a hurry does.',
  scope: 'agent:read',
  effect: 'reads',
  input: z.strictObject({ words: z.string(), counts: z.record(z.string(), z.int()).optional() }),
  output: z.object({ words: z.string() }),
  handle: ({ words }) => {
    throw new Error(`cannot open /var/lib/agents/${words}`, { cause: { authorization: `Bearer ${words}` } });
  },
});

export const tools = [failCarelessly];
