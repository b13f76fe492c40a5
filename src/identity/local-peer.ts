import { AppError } from '../errors.ts';
import { addressSet } from './client-address.ts';
import type { Presented } from './identify.ts';

const loopback = addressSet(['127.0.0.0/8', '::1']);
/** What a proxy leaves on a request that it passes on. */
const relayed = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/i;

/** Somebody on this very machine: a loopback peer, and no trace of a proxy that speaks for others. @throws FORBIDDEN */
export function requireLocalPeer({ rawHeaders, clientAddress }: Presented): void {
  const isRelayed = rawHeaders.some((text, place) => place % 2 === 0 && relayed.test(text));
  if (!isRelayed && clientAddress !== null && loopback.has(clientAddress)) return;
  throw new AppError('FORBIDDEN', {
    message: 'The bootstrap answers this very machine, and nobody through a proxy.',
    detail: { reason: isRelayed ? 'relayed' : 'not this machine' },
  });
}
