import { BlockList, isIP } from 'node:net';
import { headerValues, type RawHeaders } from './raw-headers.ts';

/** A set of addresses and CIDRs. */
export type AddressSet = { has(address: string): boolean };

/** Entries that are no address are left out: they match nothing. */
export function addressSet(entries: readonly string[]): AddressSet {
  const list = new BlockList();
  for (const entry of entries) {
    const cidr = parseCidr(entry);
    if (cidr !== undefined) list.addSubnet(cidr.address, cidr.bits, cidr.family);
  }
  return {
    has(address) {
      const plain = unmapped(address);
      const version = isIP(plain);
      return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function parseCidr(text: string) {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const count = bits === undefined ? most : Number(bits);
  if (count > most) return undefined;
  return { address, bits: count, family: version === 4 ? ('ipv4' as const) : ('ipv6' as const) };
}

/**
 * The address that the request came from: the peer's or, behind trusted proxies, the last one that they do
 * not vouch for. A forwarded address is believed from no one else.
 */
export function clientAddress(
  peer: string | undefined,
  rawHeaders: RawHeaders,
  trusted: AddressSet,
): string | null {
  if (peer === undefined) return null;
  let address = unmapped(peer);
  const forwarded = headerValues(rawHeaders, 'x-forwarded-for').flatMap((value) => value.split(','));
  for (const hop of forwarded.reverse()) {
    if (!trusted.has(address)) break;
    const next = hop.trim();
    if (isIP(next) === 0) return null; // A trusted proxy vouches for somebody whom it cannot name.
    address = unmapped(next);
  }
  return address;
}

/** `::ffff:192.0.2.1` is an IPv4 peer on a dual-stack socket. */
function unmapped(address: string): string {
  const rest = address.startsWith('::ffff:') ? address.slice(7) : '';
  return isIP(rest) === 4 ? rest : address;
}
