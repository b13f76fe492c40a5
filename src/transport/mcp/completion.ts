import type { Completion } from '../../tool/call/resource-calls.ts';

type Record = Readonly<globalThis.Record<string, unknown>>;

/** Nobody types more, and a search for a longer text takes too long. */
const LONGEST_TYPED = 200;

/** The request in the parameters of `completion/complete`; undefined if it completes no resource. */
export function completionIn(params: Record): Completion | undefined {
  // Their form is unchecked: the gate reads them before the SDK.
  const { ref, argument } = params as { ref?: Record | null; argument?: Record | null };
  if (ref?.type !== 'ref/resource' || typeof ref.uri !== 'string') return undefined;
  if (typeof argument?.name !== 'string' || typeof argument.value !== 'string') return undefined;
  return { uri: ref.uri, argument: argument.name, typed: argument.value.slice(0, LONGEST_TYPED) };
}
