import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { LoopDelay } from './loop-delay.ts';

/** The calls under way. It carries no more than the server can, and no more for one organisation than its share. */
export type InFlight = {
  /** @throws SHUTTING_DOWN, OVERLOADED; asked before anything else is done for a request. */
  requireRoom(): void;
  /** @throws OVERLOADED. Call what it returns when the answer has left. */
  enter(organizationId: Place): () => void;
  readonly draining: boolean;
  /** Admits nothing more and resolves when the last answer has left. */
  drain(): Promise<void>;
};

/** Whose call it is. */
type Place = OrganizationId | 'operator';

/** One organisation must not be able to shut the others out. */
const SHARE = 1 / 4;

/** Takes up no more than `most` calls, and none while the process is behind. */
export function createInFlight(most: number, loop: Pick<LoopDelay, 'isBehind'>): InFlight {
  const mostOfOne = Math.max(1, Math.ceil(most * SHARE));
  const byOrganization = new Map<Place, number>();
  let count = 0;
  let draining = false;
  let onIdle = () => {};

  const change = (organizationId: Place, by: 1 | -1) => {
    count += by;
    const own = (byOrganization.get(organizationId) ?? 0) + by;
    if (own === 0) byOrganization.delete(organizationId);
    else byOrganization.set(organizationId, own);
    if (count === 0) onIdle();
  };

  return {
    get draining() {
      return draining;
    },
    requireRoom() {
      if (draining) throw new AppError('SHUTTING_DOWN');
      if (count >= most || loop.isBehind) throw new AppError('OVERLOADED');
    },
    enter(organizationId) {
      const own = byOrganization.get(organizationId) ?? 0;
      if (count >= most || own >= mostOfOne) throw new AppError('OVERLOADED');
      change(organizationId, 1);
      return () => change(organizationId, -1);
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
