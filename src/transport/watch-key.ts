import { AppError, toAppError } from '../errors.ts';
import type { Identified } from '../identity/identify.ts';

/** How often a running stream's key is looked up again, in milliseconds: a dead key's stream ends within 1 s. */
const INTERVAL_MS = 400;

/** Aborts `end` when the key behind a running stream dies, or can no longer be checked. */
export function watchKey({ stillValid }: Identified, end: AbortController): Disposable {
  const timer = setInterval(async () => {
    try {
      if (!(await stillValid()))
        end.abort(new AppError('INVALID_TOKEN', { detail: { reason: 'died in a stream' } }));
    } catch (thrown) {
      end.abort(toAppError(thrown));
    }
  }, INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
