import type { TracedRun } from './traced-run.ts';

export type SyncCount = {
  readonly mutations: number;
  readonly syncs: number;
  readonly ledgerSyncs: number;
  readonly perMutation: string;
  /** Mutations that were acknowledged without a sync since the acknowledgement before. */
  readonly failures: readonly string[];
};

/** How often the store was synced while the mutations of a run were acknowledged, from the second one on. */
export function countSyncs({ events, book, from }: TracedRun): SyncCount {
  const kinds = new Map(book.acts.map(({ requestId, kind }) => [requestId, kind]));
  const failures: string[] = [];
  let mutations = 0;
  let syncs = 0;
  let ledgerSyncs = 0;
  let sinceLast = 0;
  for (const event of events.slice(from + 1)) {
    if (event.kind === 'sync' && event.file === 'ledger') ledgerSyncs += 1;
    else if (event.kind === 'sync') sinceLast += 1;
    if (event.kind !== 'answer') continue;
    for (const requestId of event.requestIds.filter((id) => kinds.has(id))) {
      if (sinceLast === 0) failures.push(`${kinds.get(requestId)} ${requestId} was answered without a sync`);
      mutations += 1;
      syncs += sinceLast;
      sinceLast = 0;
    }
  }
  return { mutations, syncs, ledgerSyncs, perMutation: (syncs / mutations).toFixed(2), failures };
}
