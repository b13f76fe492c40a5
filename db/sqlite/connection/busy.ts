import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';

/**
 * How often to retry a lock that another process holds, in milliseconds. Short, because a busy writer leaves only short
 * gaps.
 */
export const RETRY_MS = 2;

export const isBusy = (thrown: unknown): boolean =>
  thrown instanceof Database.SqliteError && thrown.code.startsWith('SQLITE_BUSY');

/**
 * Repeats `attempt` until another process's lock is free, for at most `busyTimeoutMs`. It does not block the event
 * loop, as SQLite's own wait would. `attempt` must be atomic.
 *
 * @throws SQLITE_BUSY when the time is over
 */
export async function whileBusy<T>(busyTimeoutMs: number, attempt: () => T): Promise<T> {
  for (const startedMs = performance.now(); ; await setTimeout(RETRY_MS)) {
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() - startedMs >= busyTimeoutMs) throw thrown;
    }
  }
}
