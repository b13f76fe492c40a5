import { z } from 'zod';
import { defineTool } from '../../src/tool/define-tool.ts';

const input = z.strictObject({});
const output = z.object({ says: z.string() });
const common = {
  title: 'A test tool',
  description: 'For tests.',
  scope: 'any',
  effect: 'reads',
  input,
  output,
  reportsProgress: true,
} as const;

/** The names of those that began to work, in order. */
export const begun: string[] = [];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reports three steps and answers. */
export const counting = defineTool({
  ...common,
  name: 'counting',
  async handle(_input, { progress }) {
    for (const done of [1, 2, 3]) {
      await progress?.(done, 3, `Step ${done}.`);
      await pause(20);
    }
    return { says: 'the counted result' };
  },
});

/** Reports one step and answers at once. */
export const stepping = defineTool({
  ...common,
  name: 'stepping',
  async handle(_input, { progress }) {
    await progress?.(1, 1, 'The one step.');
    return { says: 'the stepped result' };
  },
});

/** Reports on and on, until it is told to end. */
export const ticking = defineTool({
  ...common,
  name: 'ticking',
  async handle(_input, { progress, signal }) {
    for (let done = 1; !signal.aborted; done += 1) {
      await progress?.(done, 1_000_000, 'Still at it.');
      await pause(20);
    }
    throw signal.reason;
  },
});

/** Ignores its signal, works for seconds, and would answer in the end. */
export const deaf = defineTool({
  ...common,
  name: 'deaf',
  timeoutSeconds: 1,
  async handle(_input, { progress }) {
    begun.push('deaf');
    await progress?.(1, 2, 'Deaf from here on.');
    await pause(3000);
    return { says: 'too late' };
  },
});

/** The same with more time than any test has. */
export const deafForLong = defineTool({
  ...common,
  name: 'deaf_for_long',
  timeoutSeconds: 30,
  handle: deaf.handle as never,
});

export const slowTools = [counting, ticking, deaf, deafForLong];
