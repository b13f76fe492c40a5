import type { ChainLink } from '../audit-event.ts';
import type { HeadSigner } from './head-signer.ts';

/** A head as it was kept elsewhere; without a signature where there was no key. */
export type KeptHead = ChainLink & { readonly signature: string | null };

/** How a chain's end is written wherever it is kept: `SEQ:HASH` or, signed, `SEQ:HASH:SIGNATURE`. */
export function formatHead({ seq, hash }: ChainLink, signer?: Pick<HeadSigner, 'signHead'>): string {
  const signature = signer?.signHead({ seq, hash }) ?? null;
  return signature === null ? `${seq}:${hash}` : `${seq}:${hash}:${signature}`;
}

/** Undefined for what is no head. */
export function parseHead(text: string): KeptHead | undefined {
  const match = /^(\d{1,15}):([0-9a-f]{64})(?::([0-9a-f]{64}))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { seq: Number(match[1]), hash: match[2], signature: match[3] ?? null };
}
