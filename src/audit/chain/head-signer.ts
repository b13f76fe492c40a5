import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ChainLink } from '../audit-event.ts';

/**
 * What a checkpoint row says: the rows up to `removed` were taken out, and the chain went as far as `head` when that
 * was done, `at` milliseconds since 1970.
 */
export type Checkpoint = { readonly removed: ChainLink; readonly head: ChainLink; readonly at: number };

/** A signature that was looked at: `unchecked` where there is no key to hold it against, `none` where there is none. */
export type SignatureVerdict = 'valid' | 'wrong' | 'unchecked' | 'none';

/** Signs the head of a chain with a key that is not in the store: a person who writes the store cannot sign. */
export type HeadSigner = {
  /** Whether there is a key. */
  readonly signs: boolean;
  /** In hex; null without a key. */
  signHead(head: ChainLink): string | null;
  judgeHead(head: ChainLink, signature: string | null): SignatureVerdict;
  signCheckpoint(checkpoint: Checkpoint): string | null;
  judgeCheckpoint(checkpoint: Checkpoint, signature: string | null): SignatureVerdict;
};

/** HMAC-SHA-256 with `auditKey`; the two kinds of text begin differently, so that neither can pass for the other. */
export function createHeadSigner(auditKey: string | null): HeadSigner {
  const sign = (text: string): string | null =>
    auditKey === null ? null : createHmac('sha256', auditKey).update(text).digest('hex');
  const judge = (text: string, signature: string | null): SignatureVerdict => {
    if (signature === null) return 'none';
    const expected = sign(text);
    if (expected === null) return 'unchecked';
    const isValid =
      signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
    return isValid ? 'valid' : 'wrong';
  };
  return {
    signs: auditKey !== null,
    signHead: (head) => sign(headText(head)),
    judgeHead: (head, signature) => judge(headText(head), signature),
    signCheckpoint: (checkpoint) => sign(checkpointText(checkpoint)),
    judgeCheckpoint: (checkpoint, signature) => judge(checkpointText(checkpoint), signature),
  };
}

const headText = ({ seq, hash }: ChainLink): string => `tenantry audit head 1\n${seq}:${hash}`;

const checkpointText = ({ removed, head, at }: Checkpoint): string =>
  ['tenantry audit checkpoint 1', `${removed.seq}:${removed.hash}`, `${head.seq}:${head.hash}`, at].join(
    '\n',
  );
