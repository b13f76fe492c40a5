import type Database from 'better-sqlite3';
import { limitWait } from './open-database.ts';

/**
 * How long a commit waits for another process's lock, in milliseconds: the event loop stands still. One that is held
 * on costs this once, however many requests come meanwhile.
 */
export const WRITE_WAIT_MS = 60;
const HELD_ON_WAIT_MS = 5;

export type LockWait = {
  /** A commit found the lock taken until its wait was over. */
  timedOut(): void;
  committed(): void;
};

export function createLockWait(writers: readonly Database.Database[]): LockWait {
  let waitMs = WRITE_WAIT_MS;
  const change = (ms: number): void => {
    if (waitMs === ms) return;
    waitMs = ms;
    for (const writer of writers) limitWait(writer, ms);
  };
  for (const writer of writers) limitWait(writer, waitMs);
  return { timedOut: () => change(HELD_ON_WAIT_MS), committed: () => change(WRITE_WAIT_MS) };
}
