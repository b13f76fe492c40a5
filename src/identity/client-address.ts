import { BlockList, isIP } from 'node:net';
import { headerValues, type RawHeaders } from './raw-headers.ts';

/** A set of IP addresses and CIDR ranges. */
export type AddressSet = { has(address: string): boolean };

/** Malformed entries are ignored: they match nothing. */
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
 * The client's address: the peer or, behind trusted proxies, the last hop of X-Forwarded-For that is not itself a
 * trusted proxy. Only a trusted hop's header is believed. Null when the address is unknown.
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
    if (isIP(next) === 0) return null; // A trusted proxy forwarded a hop without an address.
    address = unmapped(next);
  }
  return address;
}

/**
 * Unwraps IPv4-mapped IPv6 (https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2): a dual-stack socket shows
 * `192.0.2.1` as `::ffff:192.0.2.1`.
 */
function unmapped(address: string): string {
  const rest = address.startsWith('::ffff:') ? address.slice(7) : '';
  return isIP(rest) === 4 ? rest : address;
}
