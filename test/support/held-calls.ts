import { z } from 'zod';
import { defineTool } from '../../src/tool/public.ts';

const common = {
  title: 'A test tool',
  description: 'For tests.',
  input: z.strictObject({ name: z.string() }),
  output: z.object({ ended: z.boolean() }),
} as const;

/** Two tools whose calls stay under way until they are let go; each call has a name. */
export function heldTools() {
  const calls = new Map<string, ReturnType<typeof newCall>>();
  const named = (name: string) => {
    const call = calls.get(name) ?? newCall();
    calls.set(name, call);
    return call;
  };
  const wait = async (name: string, signal: AbortSignal) => {
    const call = named(name);
    call.signal = signal;
    call.entered.resolve();
    await call.released.promise;
    return { ended: true };
  };
  const hold = defineTool({
    ...common,
    name: 'hold',
    effect: 'reads',
    scope: 'any',
    rest: 'GET /v1/hold',
    handle: ({ name }, { signal }) => wait(name, signal),
  });
  const mintAndHold = defineTool({
    ...common,
    name: 'mint_and_hold',
    effect: 'writes',
    scope: 'key:write',
    rest: 'POST /v1/mint-and-hold',
    async handle({ name }, { keys, signal }) {
      await keys.mint({ scopeType: 'global', name, scopes: [] });
      return wait(name, signal);
    },
  });
  return {
    tools: [hold, mintAndHold],
    /** Resolves when the call is under way. */
    entered: (name: string): Promise<void> => named(name).entered.promise,
    /** Whether the call was told that it is over. */
    isEnded: (name: string): boolean => named(name).signal?.aborted === true,
    release: (name: string): void => named(name).released.resolve(),
  };
}

const newCall = () => ({
  entered: Promise.withResolvers<void>(),
  released: Promise.withResolvers<void>(),
  signal: undefined as AbortSignal | undefined,
});
