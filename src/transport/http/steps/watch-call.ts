import type { CallWatch } from '../call-watch.ts';
import type { Arrived } from '../step-runner.ts';
import type { Authenticated } from './authenticate.ts';
import type { Audited } from './open-slot.ts';

/** To be called when the answer has left. */
export type Watched = { readonly unwatch: () => void };

/** From here on the call ends with what it was let in with. */
export const watchCall =
  ({ calls }: { readonly calls: CallWatch }) =>
  ({ identified, end, slot }: Arrived & Authenticated & Audited): Watched => ({
    unwatch: calls.watch({ identified, end, slot }),
  });
