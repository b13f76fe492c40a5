import { type AuditEvent, auditChain, type ChainHead, emptyChain } from './audit-event.ts';
import type { AuditTrail } from './audit-trail.ts';

/** What `audit verify` found. `brokenAt` is the first row that was changed, removed or moved. */
export type ChainReport = {
  readonly ok: boolean;
  readonly rows: number;
  readonly head: ChainHead;
  readonly brokenAt: number | null;
  readonly problem: string | null;
  /** Writes that were announced to the platform and never closed, by request id. */
  readonly openIntents: readonly string[];
};

const CHUNK = 1000;

/** Walks the whole chain. `kept`, a head noted elsewhere, proves besides that no tail was cut off. */
export async function verifyChain(
  trail: Pick<AuditTrail, 'readChain'>,
  kept?: ChainHead,
): Promise<ChainReport> {
  const first = (await trail.readChain(0, 1))[0];
  let head = first === undefined || first.seq === 1 ? emptyChain : await removedHead(trail, first);
  let rows = 0;
  let keptSeen = kept === undefined || (kept.seq === head.seq && kept.hash === head.hash);
  const openIntents = new Set<string>();
  const report = (brokenAt: number | null, problem: string | null): ChainReport => ({
    ok: problem === null,
    rows,
    head,
    brokenAt,
    problem,
    openIntents: [...openIntents],
  });

  for (;;) {
    const chunk = await trail.readChain(head.seq, CHUNK);
    if (chunk.length === 0) break;
    for (const event of chunk) {
      const seq = head.seq + 1;
      if (event.seq !== seq) return report(seq, 'a row is missing');
      if (auditChain.hash(head.hash, seq, auditChain.values(event)) !== event.hash)
        return report(seq, 'a row was changed');
      if (event.kind === 'intent') openIntents.add(event.requestId);
      if (event.kind === 'call') openIntents.delete(event.requestId);
      if (kept?.seq === seq && kept.hash === event.hash) keptSeen = true;
      head = { seq, hash: event.hash };
      rows += 1;
    }
  }
  if (!keptSeen)
    return report(Math.min(head.seq + 1, kept?.seq ?? 1), 'the chain does not reach the head given');
  return report(null, null);
}

/** After a prune the chain starts at what the checkpoint row says was removed; without one, at nothing. */
async function removedHead(trail: Pick<AuditTrail, 'readChain'>, first: AuditEvent): Promise<ChainHead> {
  for (let after = 0; ; ) {
    const chunk = await trail.readChain(after, CHUNK);
    const last = chunk.at(-1);
    if (last === undefined) return emptyChain;
    for (const event of chunk) {
      const removed = event.kind === 'checkpoint' ? checkpointHead(event) : undefined;
      if (removed?.seq === first.seq - 1) return removed;
    }
    after = last.seq;
  }
}

/** What a checkpoint says was removed; one that was tampered with says nothing, and the chain shows it. */
function checkpointHead(event: AuditEvent): ChainHead | undefined {
  const match = /^\{"removed_head":"(\d{1,15}):([0-9a-f]{64})"[,}]/.exec(event.change ?? '');
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { seq: Number(match[1]), hash: match[2] };
}
