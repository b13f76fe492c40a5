import type { Completion } from '../tool/resource-calls.ts';

type Record = Readonly<globalThis.Record<string, unknown>>;

/** Nobody types more; what a search would do with a longer text is not worth its time. */
const LONGEST_TYPED = 200;

/** What the parameters of `completion/complete` ask for; undefined where it is no resource that is to be completed. */
export function completionIn(params: Record): Completion | undefined {
  // Nothing is known of their form yet: the gate reads before the engine does.
  const { ref, argument } = params as { ref?: Record | null; argument?: Record | null };
  if (ref?.type !== 'ref/resource' || typeof ref.uri !== 'string') return undefined;
  if (typeof argument?.name !== 'string' || typeof argument.value !== 'string') return undefined;
  return { uri: ref.uri, argument: argument.name, typed: argument.value.slice(0, LONGEST_TYPED) };
}
