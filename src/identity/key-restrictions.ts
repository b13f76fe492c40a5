import type { Attribution } from '../attribution.ts';
import { AppError } from '../errors.ts';
import type { KnownKey } from '../keys/key-record.ts';
import { type AddressSet, addressSet } from './client-address.ts';
import type { Presented } from './schemes/scheme.ts';

/**
 * Enforces the addresses and workspaces of a key.
 *
 * @throws KEY_RESTRICTED
 */
export function requireWithinRestrictions(
  key: KnownKey,
  presented: Presented,
  attribution: Attribution,
): void {
  if (isAllowedAddress(key, presented.clientAddress) && isOwnWorkspace(key, presented.workspaceId)) return;
  throw new AppError('KEY_RESTRICTED', { attribution });
}

/** An unknown address is outside of every list. */
function isAllowedAddress({ restrictions }: KnownKey, address: string | null): boolean {
  if (restrictions?.addresses === undefined) return true;
  return address !== null && addressesOf(restrictions.addresses).has(address);
}

/** Parsed lists by the list itself. It lives as long as its record, which the store keeps until the key changes. */
const setsByList = new WeakMap<readonly string[], AddressSet>();

function addressesOf(list: readonly string[]): AddressSet {
  const known = setsByList.get(list);
  if (known !== undefined) return known;
  const made = addressSet(list);
  setsByList.set(list, made);
  return made;
}

/**
 * The workspace is the one in the path `/workspaces/{workspace_id}/…`; arguments do not count. A workspace token is
 * valid only there.
 */
function isOwnWorkspace({ scopeType, restrictions }: KnownKey, workspaceId: string | undefined): boolean {
  const own = restrictions?.workspace_ids;
  if (scopeType !== 'workspace' && (own === undefined || workspaceId === undefined)) return true;
  return workspaceId !== undefined && own?.includes(workspaceId) === true;
}
