import type Database from 'better-sqlite3';
import type { AuditRow } from '../../../src/audit/audit-event.ts';
import { isBusy } from '../connection/busy.ts';
import { writesOf } from '../connection/guard.ts';
import { prepareCommit, requireStore, storeError } from '../connection/store-call.ts';
import type { AppendToChain } from '../rows/audit-chain.ts';

type GroupCommit = {
  /** Resolves when the row is committed; rejects when its group could not be. */
  add(row: AuditRow): Promise<void>;
  /** Commits waiting rows now, or when the store's lock is free. */
  flush(): void;
};

type Waiter = {
  readonly row: AuditRow;
  readonly addedMs: number;
  done(): void;
  fail(reason: unknown): void;
};

/** Rows of the same event-loop turn share one transaction. While another process holds the lock, later rows join. */
export function createGroupCommit(database: Database.Database, append: AppendToChain): GroupCommit {
  const commit = prepareCommit(database, append);
  let waiting: Waiter[] = [];
  let inQueue = false;

  const endGroup = (end: (waiter: Waiter) => void): void => {
    const group = waiting;
    waiting = [];
    inQueue = false;
    for (const waiter of group) end(waiter);
  };
  const turn = {
    take() {
      try {
        requireStore(database);
        commit(waiting.map((waiter) => waiter.row));
      } catch (thrown) {
        if (isBusy(thrown)) throw thrown;
        const reason = storeError(database, thrown);
        return endGroup((waiter) => waiter.fail(reason));
      }
      endGroup((waiter) => waiter.done());
    },
    giveUp(sinceMs: number, busy: unknown): boolean {
      const reason = storeError(database, busy);
      const late = waiting.filter((waiter) => hasWaited(waiter, sinceMs));
      waiting = waiting.filter((waiter) => !hasWaited(waiter, sinceMs));
      for (const waiter of late) waiter.fail(reason);
      inQueue = waiting.length > 0;
      return !inQueue;
    },
  };
  const flush = () => {
    if (inQueue || waiting.length === 0) return;
    inQueue = true;
    writesOf(database).enter(turn);
  };

  return {
    flush,
    add: (row) =>
      new Promise((done, fail) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ row, addedMs: performance.now(), done, fail });
      }),
  };
}

/** The row of a call that was refused with STORE_BUSY: that call has waited already. */
const hasWaited = ({ row, addedMs }: Waiter, sinceMs: number): boolean =>
  addedMs <= sinceMs || row.errorCode === 'STORE_BUSY';
