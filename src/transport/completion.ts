import type { Completion } from '../tool/resource-calls.ts';

type Record = Readonly<globalThis.Record<string, unknown>>;

/** What the parameters of `completion/complete` ask for; undefined where it is no resource that is to be completed. */
export function completionIn(params: Record): Completion | undefined {
  // Nothing is known of their form yet: the gate reads before the engine does.
  const { ref, argument } = params as { ref?: Record | null; argument?: Record | null };
  if (typeof ref?.uri !== 'string' || typeof argument?.name !== 'string') return undefined;
  return { uri: ref.uri, argument: argument.name, typed: String(argument.value ?? '') };
}
