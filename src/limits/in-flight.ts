import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { LoopDelay } from './loop-delay.ts';

/** The calls under way: no more than the server can carry, and no more for one organisation than its share. */
export type InFlight = {
  /** @throws SHUTTING_DOWN, OVERLOADED; asked before anything else is done for a request. */
  requireRoom(): void;
  /**
   * Undefined for the first portion of those that arrive in one turn of the event loop. The others, such as all that
   * waited during a pause, are worked off one after the other, and never in a turn that is late already.
   *
   * @throws OVERLOADED
   */
  turn(): Promise<undefined> | undefined;
  /** @throws OVERLOADED. Call what it returns when the answer has left. */
  enter(tenant: Tenant): () => void;
  readonly draining: boolean;
  /** Lets nothing more in and resolves when the last answer has left. */
  drain(): Promise<void>;
};

/** Whose call it is. */
type Tenant = OrganizationId | 'operator';

/** One organisation must not be able to shut the others out. */
const SHARE = 1 / 4;

/** Requests that begin in one turn of the event loop before the others have to wait for the next. */
const PORTION = 100;

/** Takes up no more than `most` calls, and none while the process is behind. */
export function createInFlight(most: number, loop: Pick<LoopDelay, 'isBehind' | 'isLate'>): InFlight {
  const mostOfOne = Math.max(1, Math.ceil(most * SHARE));
  const byTenant = new Map<Tenant, number>();
  let count = 0;
  let inTurn = 0;
  let draining = false;
  let onIdle = () => {};

  const startTurn = () => {
    inTurn = 0;
  };
  const laterTurn = async (): Promise<undefined> => {
    do await nextTurn();
    while (loop.isLate);
    if (loop.isBehind) throw new AppError('OVERLOADED');
  };

  const change = (tenant: Tenant, by: 1 | -1) => {
    count += by;
    const own = (byTenant.get(tenant) ?? 0) + by;
    if (own === 0) byTenant.delete(tenant);
    else byTenant.set(tenant, own);
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
    turn() {
      if (inTurn === 0) setImmediate(startTurn);
      inTurn += 1;
      return inTurn > PORTION ? laterTurn() : undefined;
    },
    enter(tenant) {
      const own = byTenant.get(tenant) ?? 0;
      if (count >= most || own >= mostOfOne) throw new AppError('OVERLOADED');
      change(tenant, 1);
      return () => change(tenant, -1);
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
