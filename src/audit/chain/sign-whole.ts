import type { ChainLink } from '../audit-event.ts';
import type { AuditTrail } from '../audit-trail.ts';
import type { HeadSigner } from './head-signer.ts';
import { verifyChain } from './verify.ts';

/** A head as it may be shown: signed, or why it is not. Both are null without a key. */
export type ShownHead = { readonly signature: string | null; readonly unsigned: string | null };

/** For a person, behind a head that is shown without a signature. */
export const unsignedLine = (why: string): string => `The head is not signed: ${why}.`;

/** Signs a head only where `audit verify` accepts the chain up to it: a signature says that nothing was changed. */
export async function signWhole(
  trail: Pick<AuditTrail, 'readChain'>,
  head: ChainLink,
  signer: HeadSigner,
): Promise<ShownHead> {
  if (!signer.signs) return { signature: null, unsigned: null };
  const kept = head.seq === 0 ? undefined : head;
  const { brokenAt, problem, unproven } = await verifyChain(trail, { kept, signer });
  const unsigned = problem === null ? unproven : `row ${brokenAt}: ${problem}`;
  return { signature: unsigned === null ? signer.signHead(head) : null, unsigned };
}
