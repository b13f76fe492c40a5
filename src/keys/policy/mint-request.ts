import type { Scope } from '../../scopes/scopes.ts';
import type { Restrictions, ScopeType } from '../key-record.ts';

/** A request to mint. It names no organisation: the keyspace decides. */
export type MintRequest = {
  readonly scopeType: ScopeType;
  /** The owner of a user-bound key; by default the calling user. A malformed id belongs to nobody. */
  readonly userId?: string | undefined;
  readonly name: string;
  readonly scopes?: readonly Scope[] | undefined;
  readonly additionalScopes?: readonly Scope[] | undefined;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  readonly expiresInDays?: number | 'never' | undefined;
  readonly restrictions?: Restrictions | undefined;
  /** The organisations that a host key is granted; none for other keys. */
  readonly organizationIds?: readonly string[] | undefined;
};
