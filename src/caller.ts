import type { KeyId, OrganizationId, UserId } from './ids.ts';
import type { Scope } from './scopes/scopes.ts';

/** What kind of credential spoke; it names the actor in the audit line. */
export type Tier =
  | 'organization-key'
  | 'host-key'
  | 'workspace-token'
  | 'admin-token'
  | 'bootstrap'
  | 'cli'
  | 'system'
  | 'none';

/** The key behind a request, as far as tools and the gate may see it. */
export type CallerKey = {
  readonly id: KeyId;
  readonly prefix: string;
  readonly name: string;
  readonly scopeType: 'global' | 'user' | 'host' | 'workspace';
  readonly owner: string;
  readonly createdBy: string;
  readonly canonicalVersion: number | null;
  readonly restrictedToTools: readonly string[] | null;
  readonly restrictedToWorkspaces: readonly string[] | null;
  /** Milliseconds since 1970, or null for a key that does not expire. */
  readonly expiresAtMs: number | null;
};

/** The settled identity of one request. It is made once, frozen, and passed as an argument. */
export type Caller = {
  readonly tier: Tier;
  readonly organization: {
    readonly id: OrganizationId;
    readonly name: string;
    /** The platform's own id for the organisation, where it has one. */
    readonly externalId: string | null;
  };
  /** Null where the operator's `ADMIN_TOKEN` speaks. */
  readonly key: CallerKey | null;
  readonly userId: UserId | null;
  /** Whether the caller manages every key of the organisation, or their own alone. */
  readonly isAdmin: boolean;
  /** The effective scopes of this request, already narrowed by whatever narrows them. */
  readonly scopes: readonly Scope[];
};

/** A caller that speaks with a key, as all do but the operator. */
export type KeyCaller = Caller & { readonly key: CallerKey };

export const speaksWithKey = (caller: Caller): caller is KeyCaller => caller.key !== null;

/** Who speaks, for whatever is kept apart for each speaker: the key's id, or the operator. */
export const speakerOf = ({ key, tier }: Caller): string => key?.id ?? tier;

export function freezeCaller(caller: Caller): Caller {
  Object.freeze(caller.organization);
  Object.freeze(caller.key);
  Object.freeze(caller.scopes);
  return Object.freeze(caller);
}
