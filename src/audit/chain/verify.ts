import { type AuditEvent, type ChainLink, chainPoint, emptyChain } from '../audit-event.ts';
import type { AuditTrail } from '../audit-trail.ts';
import { type Break, type ChainPart, follows, readPart } from './chain-part.ts';
import type { FoundCheckpoint } from './checkpoint.ts';
import { createHeadSigner, type HeadSigner } from './head-signer.ts';
import { createSharedRows } from './shared-rows.ts';

/** What `audit verify` found. */
export type ChainReport = {
  readonly ok: boolean;
  /** Rows of the store. */
  readonly rows: number;
  readonly head: ChainLink;
  /** The first row that was changed, removed or moved. */
  readonly brokenAt: number | null;
  readonly problem: string | null;
  /** Why nothing is broken and the chain is not proven all the same, in a sentence. */
  readonly unproven: string | null;
  readonly checkpoints: readonly (FoundCheckpoint & { readonly proof: 'signature' | 'file' | null })[];
  /** Writes that were announced to the platform and never closed, by request id. */
  readonly openIntents: readonly string[];
};

type Evidence = {
  /** A head noted elsewhere: proves that no tail was cut off. */
  readonly kept?: ChainLink | undefined;
  readonly signer?: HeadSigner;
  /** Rows that were pruned, in the order of the chain. */
  readonly pruned?: AsyncIterable<readonly AuditEvent[]> | undefined;
};

const CHUNK = 1000;
const BEGINNING = 'a row is missing';

/**
 * Walks the whole chain, the rows that were pruned first. Without a signature or a kept head it cannot tell a chain
 * that somebody made anew, with all its hashes, from the one that was.
 */
export async function verifyChain(
  trail: Pick<AuditTrail, 'readChain'>,
  { kept, signer = createHeadSigner(null), pruned = nothing() }: Evidence = {},
): Promise<ChainReport> {
  const openIntents = new Set<string>();
  let isKeptSeen = kept === undefined;
  const onRow = (event: AuditEvent): void => {
    if (event.kind === 'intent') openIntents.add(event.requestId);
    if (event.kind === 'call' || event.kind === 'failure') openIntents.delete(event.requestId);
    if (kept?.seq === event.seq && kept.hash === event.hash) isKeptSeen = true;
  };
  const [oldest] = await trail.readChain(emptyChain, 1);
  const shared = createSharedRows(trail, oldest?.seq);
  const files = await readPart(shared.without(pruned), { signer, onRow });
  const store = await readPart(chunksOf(trail), { signer, onRow });
  const checkpoints = [...files.checkpoints, ...store.checkpoints];
  const removed = store.first === undefined ? undefined : headBefore(store.first, files, checkpoints);
  const head = store.end ?? emptyChain;
  if (kept !== undefined && isSame(kept, removed)) isKeptSeen = true;
  const broken =
    brokenStart(store.first, removed, checkpoints) ?? store.broken ?? unreached(kept, isKeptSeen, head);
  const unproven =
    store.first === undefined
      ? 'the store has no audit rows'
      : (shared.problem() ?? whatIsMissing(store.first, removed, files, checkpoints));
  const ofFile = unproven === null && files.first !== undefined ? files : undefined;
  return {
    ok: broken === undefined && unproven === null,
    rows: store.rows,
    head,
    brokenAt: broken?.row ?? null,
    problem: broken?.problem ?? null,
    unproven,
    checkpoints: checkpoints.map((each) => ({ ...each, proof: proofOf(each, ofFile) })),
    openIntents: [...openIntents],
  };
}

async function* nothing(): AsyncGenerator<readonly AuditEvent[]> {}

async function* chunksOf({
  readChain,
}: Pick<AuditTrail, 'readChain'>): AsyncGenerator<readonly AuditEvent[]> {
  for (let after = 0; ; ) {
    const chunk = await readChain(chainPoint(after), CHUNK);
    const last = chunk.at(-1);
    if (last === undefined) return;
    yield chunk;
    after = last.seq;
  }
}

const isSame = (a: ChainLink, b: ChainLink | undefined): boolean => a.seq === b?.seq && a.hash === b.hash;

/** The head that `first` follows: of nothing, of the rows of the files, or as a checkpoint has it. */
function headBefore(
  first: AuditEvent,
  files: ChainPart | undefined,
  checkpoints: readonly FoundCheckpoint[],
): ChainLink | undefined {
  const end = files?.broken === undefined ? files?.end : undefined;
  const heads = [
    emptyChain,
    ...(end === undefined ? [] : [end]),
    ...checkpoints.map(({ removed }) => removed),
  ];
  return heads.find((each) => follows(first, each));
}

function brokenStart(
  first: AuditEvent | undefined,
  before: ChainLink | undefined,
  checkpoints: readonly FoundCheckpoint[],
): Break | undefined {
  if (first === undefined || before !== undefined) return undefined;
  const isTold = first.seq === 1 || checkpoints.some(({ removed }) => removed.seq === first.seq - 1);
  return isTold ? { row: first.seq, problem: 'a row was changed' } : { row: 1, problem: BEGINNING };
}

function unreached(kept: ChainLink | undefined, isSeen: boolean, head: ChainLink): Break | undefined {
  if (kept === undefined || isSeen) return undefined;
  return { row: Math.min(head.seq + 1, kept.seq), problem: 'the chain does not reach the head given' };
}

const isSigned = (checkpoints: readonly FoundCheckpoint[], removed: ChainLink): boolean =>
  checkpoints.some((each) => each.signature === 'valid' && isSame(removed, each.removed));

/** What keeps the rows before `first` from being accounted for; null where a signature or the files do that. */
function whatIsMissing(
  first: AuditEvent,
  before: ChainLink | undefined,
  files: ChainPart,
  checkpoints: readonly FoundCheckpoint[],
): string | null {
  if (files.broken !== undefined)
    return `of the pruned rows given, row ${files.broken.row} is not as it was: ${files.broken.problem}`;
  if (before === undefined) return null;
  if (files.first === undefined || files.end === undefined) {
    if (first.seq === 1 || isSigned(checkpoints, before)) return null;
    return unsigned(before, checkpoints);
  }
  if (!follows(first, files.end))
    return `the pruned rows given end at row ${files.end.seq} and do not lead to row ${first.seq}, where the store begins`;
  const beforeFiles = headBefore(files.first, undefined, checkpoints);
  if (files.first.seq === 1)
    return beforeFiles === undefined ? 'the first of the pruned rows given was changed' : null;
  if (beforeFiles === undefined)
    return `the pruned rows given begin at row ${files.first.seq}, and nothing holds what was before`;
  return isSigned(checkpoints, beforeFiles) ? null : unsigned(beforeFiles, checkpoints);
}

function unsigned({ seq }: ChainLink, checkpoints: readonly FoundCheckpoint[]): string {
  const verdicts = checkpoints.filter(({ removed }) => removed.seq === seq).map(({ signature }) => signature);
  const why = verdicts.includes('wrong')
    ? 'the signature of their checkpoint does not fit AUDIT_KEY'
    : verdicts.includes('unchecked')
      ? 'the signature of their checkpoint is not checked without AUDIT_KEY'
      : 'their checkpoint is not signed';
  return `the rows up to ${seq} were pruned, and ${why}; --pruned FILE shows them`;
}

/** How the rows that a checkpoint removed are accounted for. */
function proofOf(
  { removed, signature }: FoundCheckpoint,
  files: ChainPart | undefined,
): 'signature' | 'file' | null {
  if (signature === 'valid') return 'signature';
  const isShown = files?.end !== undefined && removed.seq <= files.end.seq;
  return isShown && removed.seq >= (files.first?.seq ?? 0) ? 'file' : null;
}
