import { newKeyId } from '../../ids.ts';
import type { KeyFormat } from '../key-format.ts';
import { DAY_MS, type KeyRecord, type Keyspace, organizationIn } from '../key-record.ts';
import type { NewKey } from '../key-store.ts';

/** The fields that differ between new keys; the others start with the same values. */
type Traits = Pick<
  KeyRecord,
  'name' | 'scopeType' | 'scopes' | 'scopeSource' | 'canonicalVersion' | 'owner' | 'createdBy' | 'expiresAtMs'
> &
  Partial<KeyRecord>;

/** A key to insert, with its plaintext, which is stored nowhere and shown once. */
export function makeKey(
  keyspace: Keyspace,
  traits: Traits,
  format: KeyFormat,
  nowMs: number,
): NewKey & { readonly plaintext: string } {
  const { plaintext, prefix, hash } = format.generate(traits.scopeType === 'workspace');
  const key: KeyRecord = {
    id: newKeyId(nowMs),
    organizationId: organizationIn(keyspace),
    prefix,
    userId: null,
    restrictions: null,
    isDefault: false,
    purpose: null,
    createdAtMs: nowMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
    revokedBy: null,
    replacedBy: null,
    replaces: null,
    graceUntilMs: null,
    lastClient: null,
    heldAtMs: null,
    removedAtMs: null,
    ...traits,
  };
  return { key, hash, demotes: null, grants: [], plaintext };
}

/** The end of a key, in milliseconds since 1970. Only `'never'` means no end; undefined means the default lifetime. */
export function expiryOf(
  days: number | 'never' | undefined,
  defaultTtlDays: number,
  nowMs: number,
): number | null {
  if (days === 'never') return null;
  return nowMs + (days ?? defaultTtlDays) * DAY_MS;
}
