import { AppError } from '../errors.ts';
import { loopbackNetworks } from '../loopback.ts';
import { addressSet } from './client-address.ts';
import type { Presented } from './schemes/scheme.ts';

const loopback = addressSet(loopbackNetworks);
/** Headers that a proxy adds when it forwards a request. */
const relayed = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/i;

/**
 * Requires a loopback peer without any proxy headers: a process on this machine.
 *
 * @throws FORBIDDEN
 */
export function requireLocalPeer({ rawHeaders, clientAddress }: Presented): void {
  const isRelayed = rawHeaders.some((text, index) => index % 2 === 0 && relayed.test(text));
  if (!isRelayed && clientAddress !== null && loopback.has(clientAddress)) return;
  throw new AppError('FORBIDDEN', {
    message: 'The bootstrap answers this very machine, and nobody through a proxy.',
    detail: { reason: isRelayed ? 'relayed' : 'not this machine' },
  });
}
