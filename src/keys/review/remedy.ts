import type { KeyId } from '../../ids.ts';
import type { Scope } from '../../scopes/scopes.ts';
import type { Keyspace } from '../key-record.ts';
import type { KeyView } from '../key-wire.ts';

type Act<Action extends string, Arguments> = { readonly action: Action; readonly arguments: Arguments };

export type KeyArguments = { readonly keyspace: Keyspace; readonly keyId: KeyId };

/** What the replacement carries, where it is not what the old key carries. */
type Narrowing = { readonly scopes?: readonly Scope[]; readonly dropScopes?: true };

/** `missing` is what only a person can say. */
export type Change = { readonly expiresInDays: number } | { readonly missing: 'owner' | 'purpose' };

/** What ends a finding, as data: each surface words it, as a shell command or as a button. */
export type Remedy =
  | Act<'confirm_key' | 'revoke_key', KeyArguments>
  | Act<'rotate_key', KeyArguments & Narrowing>
  /** By the person whose key it is; nobody else may. */
  | Act<'rotate_own_key', Pick<KeyArguments, 'keyId'> & Narrowing>
  | Act<'mint_key', { readonly keyspace: Keyspace; readonly scopes: readonly Scope[] }>
  | Act<'update_key', KeyArguments & Change>
  | Act<'reconcile_keys', Readonly<Record<string, never>>>
  | Act<'review_keys', { readonly keyspace: Keyspace; readonly unusedDays: number }>;

export const confirming = (key: KeyView): Remedy => ({ action: 'confirm_key', arguments: argumentsOf(key) });

export const revoking = (key: KeyView): Remedy => ({ action: 'revoke_key', arguments: argumentsOf(key) });

export const updating = (key: KeyView, change: Change): Remedy => ({
  action: 'update_key',
  arguments: { ...argumentsOf(key), ...change },
});

/** A key of a person is rotated by that person alone; a workspace token gives way to the organisation's key. */
export function rotating(key: KeyView, narrowing: Narrowing = {}): Remedy {
  const { keyspace, keyId } = argumentsOf(key);
  switch (key.scopeType) {
    case 'user':
      return { action: 'rotate_own_key', arguments: { keyId, ...narrowing } };
    case 'workspace':
      return { action: 'mint_key', arguments: { keyspace, scopes: narrowing.scopes ?? key.scopes } };
    case 'global':
    case 'host':
      return { action: 'rotate_key', arguments: { keyspace, keyId, ...narrowing } };
  }
}

const argumentsOf = ({ id, organizationId }: KeyView): KeyArguments => ({
  keyspace: organizationId ?? 'operator',
  keyId: id,
});
