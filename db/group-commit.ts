import type Database from 'better-sqlite3';
import type { AuditRow } from '../src/audit/audit-event.ts';
import type { AppendToChain } from './audit-chain.ts';
import { prepareCommit, requireStore, storeError } from './store-call.ts';

export type GroupCommit = {
  /** Resolves once the row is committed; rejects where its group could not be. */
  add(row: AuditRow): Promise<void>;
  /** Commits what is waiting now. */
  flush(): void;
};

type Waiter = { readonly row: AuditRow; settle(): void; fail(reason: unknown): void };

/** Rows that arrive in the same turn of the event loop share one transaction, and so one commit. */
export function createGroupCommit(database: Database.Database, append: AppendToChain): GroupCommit {
  const commit = prepareCommit(database, append);
  let waiting: Waiter[] = [];

  const flush = () => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      requireStore(database);
      commit(group.map((waiter) => waiter.row));
    } catch (thrown) {
      const reason = storeError(database, thrown);
      for (const waiter of group) waiter.fail(reason);
      return;
    }
    for (const waiter of group) waiter.settle();
  };

  return {
    flush,
    add: (row) =>
      new Promise((settle, fail) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ row, settle, fail });
      }),
  };
}
