import { type AuditEvent, chainPoint } from '../audit-event.ts';
import type { AuditTrail } from '../audit-trail.ts';
import { isSameRow } from './chain-part.ts';

/** The rows that are both in files of pruned rows and in the store. */
export type SharedRows = {
  /** The rows without those of the store, each of which is held to what the store has. */
  without(pruned: AsyncIterable<readonly AuditEvent[]>): AsyncIterable<readonly AuditEvent[]>;
  /** A sentence, once they are read, where files and store do not have the same row; null where they do. */
  problem(): string | null;
};

/**
 * A prune that was stopped half-way has written rows that are still in the store. So has every prune from the view of
 * a backup that was made before it: the restored store goes on from there with rows of its own.
 *
 * @param oldestSeq the store's first row; undefined where it has none
 */
export function createSharedRows(
  { readChain }: Pick<AuditTrail, 'readChain'>,
  oldestSeq = Number.POSITIVE_INFINITY,
): SharedRows {
  let otherSeq: number | undefined;

  async function hold(shared: readonly AuditEvent[]): Promise<void> {
    const [first] = shared;
    if (first === undefined || otherSeq !== undefined) return;
    const kept = await readChain(chainPoint(first.seq - 1), shared.length);
    const bySeq = new Map(kept.map((row) => [row.seq, row]));
    otherSeq = shared.find((row) => {
      const own = bySeq.get(row.seq);
      return own === undefined || !isSameRow(row, own);
    })?.seq;
  }
  return {
    async *without(pruned) {
      for await (const rows of pruned) {
        await hold(rows.filter(({ seq }) => seq >= oldestSeq));
        yield rows.filter(({ seq }) => seq < oldestSeq);
      }
    },
    problem: () =>
      otherSeq === undefined
        ? null
        : `row ${otherSeq} of the files given is not as the store has it; where the store was restored from a backup older than the prune that wrote the file, verify without that file, and keep it: it holds rows that the backup has not`,
  };
}
