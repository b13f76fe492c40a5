import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent, ChainLink } from '../audit-event.ts';
import { type FoundCheckpoint, readCheckpoint } from './checkpoint.ts';
import type { HeadSigner } from './head-signer.ts';
import { auditChain } from './row-hash.ts';

/** A row at which a chain is not what it was, and in what way. */
export type Break = { readonly row: number; readonly problem: string };

/** Rows of a chain that follow one another, without what came before the first. */
export type ChainPart = {
  readonly rows: number;
  readonly first: AuditEvent | undefined;
  /** The last row that fits to all before it. */
  readonly end: ChainLink | undefined;
  readonly broken: Break | undefined;
  readonly checkpoints: readonly FoundCheckpoint[];
};

type Watch = {
  readonly signer: HeadSigner;
  /** Called with each row that fits. */
  readonly onRow: (event: AuditEvent) => void;
};

/**
 * Reads some at a time: a trail is longer than memory. A row that comes again is read once. What is behind a break is looked
 * through for checkpoints alone.
 */
export async function readPart(
  chunks: AsyncIterable<readonly AuditEvent[]>,
  { signer, onRow }: Watch,
): Promise<ChainPart> {
  let first: AuditEvent | undefined;
  let last: AuditEvent | undefined;
  let broken: Break | undefined;
  let rows = 0;
  const checkpoints: FoundCheckpoint[] = [];
  for await (const chunk of chunks) {
    for (const event of chunk) {
      if (last !== undefined && isSameRow(event, last)) continue;
      const checkpoint = readCheckpoint(event, signer);
      if (checkpoint !== undefined) checkpoints.push(checkpoint);
      if (last !== undefined) broken ??= breakAt(event, last, checkpoint);
      if (broken !== undefined) continue;
      first ??= event;
      last = event;
      rows += 1;
      onRow(event);
    }
  }
  return { rows, first, end: last && { seq: last.seq, hash: last.hash }, broken, checkpoints };
}

/** Whether `event` is the one that came after `previous`, unchanged. */
export const follows = (event: AuditEvent, previous: ChainLink): boolean =>
  event.seq === previous.seq + 1 &&
  auditChain.hash(previous.hash, event.seq, auditChain.values(event)) === event.hash;

/** Whether it is one row that was read twice, such as from two files. */
export const isSameRow = (one: AuditEvent, other: AuditEvent): boolean =>
  one.seq === other.seq &&
  one.hash === other.hash &&
  isDeepStrictEqual(auditChain.values(one), auditChain.values(other));

function breakAt(
  event: AuditEvent,
  previous: ChainLink,
  checkpoint: FoundCheckpoint | undefined,
): Break | undefined {
  if (event.seq === previous.seq)
    return { row: event.seq, problem: 'it is in two of the files, with different contents' };
  const row = previous.seq + 1;
  if (event.seq !== row) return { row, problem: 'a row is missing' };
  if (!follows(event, previous)) return { row, problem: 'a row was changed' };
  if (checkpoint === undefined || isOfOldForm(checkpoint)) return undefined;
  const { head } = checkpoint;
  const isInPlace = head.seq === previous.seq && head.hash === previous.hash;
  return isInPlace ? undefined : { row, problem: 'a checkpoint is not where it was made' };
}

/** A checkpoint that does not say where it was made names the removed head for it. */
const isOfOldForm = ({ removed, head }: FoundCheckpoint): boolean => removed.seq === head.seq;
