import type { AuditEvent, AuditRow, ChainLink } from '../audit-event.ts';
import { operatorRow } from '../operator-row.ts';
import { formatHead, parseHead } from './chain-head.ts';
import type { Checkpoint, HeadSigner, SignatureVerdict } from './head-signer.ts';

/** A checkpoint of a chain, checked as far as it allows by itself. */
export type FoundCheckpoint = Checkpoint & {
  readonly seq: number;
  /** Who removed the rows: the tier of the row. */
  readonly by: AuditRow['tier'];
  readonly signature: SignatureVerdict;
};

/** The row that takes the place of pruned ones. */
export function checkpointRow(checkpoint: Checkpoint, signer: HeadSigner): AuditRow {
  const signature = signer.signCheckpoint(checkpoint);
  return operatorRow({
    kind: 'checkpoint',
    tier: 'cli',
    target: 'audit prune',
    organizationId: null,
    nowMs: checkpoint.at,
    change: {
      removed_head: formatHead(checkpoint.removed),
      head: formatHead(checkpoint.head),
      ...(signature !== null && { signature }),
    },
  });
}

const CHANGE =
  /^\{"removed_head":"(\d{1,15}:[0-9a-f]{64})"(?:,"head":"(\d{1,15}:[0-9a-f]{64})"(?:,"signature":"([0-9a-f]{64})")?)?\}$/;

/** Undefined for any other row; one that was tampered with says nothing, and the chain shows it. */
export function readCheckpoint(event: AuditEvent, signer: HeadSigner): FoundCheckpoint | undefined {
  if (event.kind !== 'checkpoint') return undefined;
  const [, removedText = '', headText, signature = null] = CHANGE.exec(event.change ?? '') ?? [];
  const removed = parseHead(removedText);
  if (removed === undefined) return undefined;
  const { seq, at, tier } = event;
  const head = parseHead(headText ?? '') ?? removed;
  const checkpoint = { removed: plain(removed), head: plain(head), at };
  return { ...checkpoint, seq, by: tier, signature: signer.judgeCheckpoint(checkpoint, signature) };
}

const plain = ({ seq, hash }: ChainLink): ChainLink => ({ seq, hash });
