import { AppError } from '../errors.ts';

/** The requests under way. It refuses more than the server can carry, and any at all once it drains. */
export type InFlight = {
  /** @throws OVERLOADED, SHUTTING_DOWN. Call what it returns when the request has ended. */
  enter(): () => void;
  readonly draining: boolean;
  /** Admits nothing more and resolves when the last request has ended. */
  drain(): Promise<void>;
};

export function createInFlight(most: number): InFlight {
  let count = 0;
  let draining = false;
  let onIdle = () => {};

  return {
    get draining() {
      return draining;
    },
    enter() {
      if (draining) throw new AppError('SHUTTING_DOWN');
      if (count >= most) throw new AppError('OVERLOADED');
      count += 1;
      return () => {
        count -= 1;
        if (count === 0) onIdle();
      };
    },
    drain() {
      draining = true;
      if (count === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}
