import type { KeyId, UserId } from '../../ids.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { KeyRecord } from '../key-record.ts';

/**
 * The keys that a principal may see and manage: all of the keyspace, those of one user, or one key. A key without admin
 * rights and without a user reaches only itself.
 */
export type KeyReach = 'all' | { readonly userId: UserId } | { readonly keyId: KeyId };

export function reachOf({ isAdmin, userId, key, tier }: TenantPrincipal): KeyReach {
  if (isAdmin) return 'all';
  if (userId !== null) return { userId };
  if (key !== null) return { keyId: key.id };
  throw new Error(`${tier} has no keys of its own`);
}

export function isWithin({ id, userId }: Pick<KeyRecord, 'id' | 'userId'>, reach: KeyReach): boolean {
  if (reach === 'all') return true;
  return 'keyId' in reach ? id === reach.keyId : userId === reach.userId;
}
