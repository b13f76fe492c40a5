import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import type { ToolContext } from '../../src/tool/context/tool-context.ts';
import { defineTool } from '../../src/tool/public.ts';

type Handle = (name: string, context: ToolContext) => Promise<unknown>;

export const minted = (name: string) => ({ scopeType: 'global', name, scopes: [] }) as const;

/** Tools as an author may write them who does not know the rules; each makes keys with the name it is given. */
const handlers = {
  async mint_twice(name, { keys }) {
    await keys.mint(minted(name));
    await keys.mint(minted(name));
  },
  mint_both: (name, { keys }) => Promise.all([keys.mint(minted(name)), keys.mint(minted(name))]),
  async mint_and_go_on(name, { keys }) {
    await keys.mint(minted(name));
    await keys.mint(minted(name)).catch(() => undefined);
  },
  async mint_after_refusal(name, { keys }) {
    await keys.mint({ ...minted(name), scopes: ['audit:read'] }).catch(() => undefined);
    await keys.mint(minted(name));
  },
  async mint_and_forget(name, { keys }) {
    // Nobody waits for it, and nobody is told what became of it.
    void keys.mint(minted(name)).catch(() => undefined);
  },
  async refuse_and_mint_nothing() {
    throw new AppError('FORBIDDEN');
  },
  async mint_and_refuse(name, { keys }) {
    await keys.mint(minted(name));
    throw new AppError('FORBIDDEN');
  },
  async mint_and_break(name, { keys }) {
    await keys.mint(minted(name));
    throw new Error('a bug');
  },
  async mint_and_answer_wrong(name, { keys }) {
    await keys.mint(minted(name));
    return { done: 'not a boolean' };
  },
} satisfies Record<string, Handle>;

export type ChangingTool = keyof typeof handlers;

export const changingTool = (name: string, handle: Handle) =>
  defineTool({
    name,
    title: 'A test tool',
    description: 'For tests.',
    scope: 'any',
    effect: 'writes',
    rest: `POST /v1/${name}`,
    input: z.strictObject({ name: z.string() }),
    output: z.object({ done: z.boolean() }),
    async handle(input, context) {
      const result = await handle(input.name, context);
      // A bug may return anything.
      return (
        result !== null && typeof result === 'object' && 'done' in result ? result : { done: true }
      ) as {
        done: boolean;
      };
    },
  });

export const changingTools = Object.entries(handlers).map(([name, handle]) => changingTool(name, handle));
