import { z } from 'zod';
import { defineTool } from '../../../src/tool/public.ts';

const common = { scope: 'any', effect: 'reads', input: z.strictObject({}), output: z.object({}) } as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Computes for 4 ms, in which its process can do nothing else. */
const busy = defineTool({
  ...common,
  name: 'load_busy',
  title: 'Busy',
  description: 'Computes.',
  rest: 'GET /v1/load/busy',
  async handle() {
    const endMs = performance.now() + 4;
    while (performance.now() < endMs);
    return {};
  },
});

/** Waits for half a second, or until nobody waits for it any more. */
const patient = defineTool({
  ...common,
  name: 'load_patient',
  title: 'Patient',
  description: 'Waits.',
  rest: 'GET /v1/load/patient',
  async handle(_input, { signal }) {
    for (let turn = 0; turn < 25 && !signal.aborted; turn += 1) await pause(20);
    return {};
  },
});

/** Reports three steps on its way. */
const counting = defineTool({
  ...common,
  name: 'load_counting',
  title: 'Counting',
  description: 'Counts.',
  rest: 'GET /v1/load/counting',
  reportsProgress: true,
  async handle(_input, { progress }) {
    for (const done of [1, 2, 3]) {
      await progress?.(done, 3, `Step ${done}.`);
      await pause(5);
    }
    return {};
  },
});

/** The module of tools that the loaded program is configured with. */
export const tools = [busy, patient, counting];
