import type { Attribution, Tier } from './attribution.ts';
import type { KeyId, OrganizationId, UserId } from './ids.ts';
import type { Scope } from './scopes/scopes.ts';

/** The key of a request, reduced to what tools and the gate may see. */
export type PrincipalKey = {
  readonly id: KeyId;
  readonly prefix: string;
  readonly name: string;
  readonly scopeType: 'global' | 'user' | 'host' | 'workspace';
  readonly owner: string;
  readonly createdBy: string;
  readonly canonicalVersion: number | null;
  readonly restrictedToTools: readonly string[] | null;
  readonly restrictedToWorkspaces: readonly string[] | null;
  /** Milliseconds since 1970; null when the key does not expire. */
  readonly expiresAtMs: number | null;
};

/** The organisation that a principal acts in. */
export type ActingOrganization = {
  readonly id: OrganizationId;
  readonly name: string;
  /** The platform's own id for the organisation; null when it has none. */
  readonly externalId: string | null;
};

/**
 * `subjectId` keeps principals apart, for example their rates and cursors. `actorName` is stored as the author of a
 * change.
 */
type Subject = { readonly subjectId: string; readonly actorName: string };

/** A key of an organisation, a host key or a workspace token. */
export type KeyPrincipal = Subject & {
  readonly kind: 'key';
  readonly tier: Extract<Tier, 'organization-key' | 'host-key' | 'workspace-token'>;
  readonly organization: ActingOrganization;
  readonly key: PrincipalKey;
  /** The owner of a user-bound key; null for every other key. */
  readonly userId: UserId | null;
  /** True: manages every key of the organisation. False: only the keys of its own user. */
  readonly isAdmin: boolean;
  /** The scopes in force for this request: the key's own, narrowed by its owner's permissions and by its kind. */
  readonly scopes: readonly Scope[];
};

/** The operator of the server: by ADMIN_TOKEN, by the bootstrap code, or at the command line. */
export type OperatorPrincipal = Subject & {
  readonly kind: 'operator';
  readonly tier: Extract<Tier, 'admin-token' | 'bootstrap' | 'cli'>;
  /** Null when the operator acts on organisations, not within one. */
  readonly organization: ActingOrganization | null;
  readonly key: null;
  readonly userId: null;
  readonly isAdmin: true;
  readonly scopes: readonly Scope[];
};

/** The program itself, for example when it creates the demo's organisations. */
export type SystemPrincipal = Omit<OperatorPrincipal, 'kind' | 'tier'> & {
  readonly kind: 'system';
  readonly tier: 'system';
};

/** Who acts. Every switch over `kind` is exhaustive: a new kind compiles only after each switch handles it. */
export type Principal = KeyPrincipal | OperatorPrincipal | SystemPrincipal;

/** A principal that acts within one organisation. Made once per request, frozen, passed as an argument. */
export type TenantPrincipal =
  | KeyPrincipal
  | (OperatorPrincipal & { readonly organization: ActingOrganization });

const isTenant = (principal: Principal): principal is TenantPrincipal =>
  principal.kind !== 'system' && principal.organization !== null;

/**
 * Narrows the principal on routes where identity requires an organisation.
 *
 * @throws Error (a bug, shown as INTERNAL) when the principal has none
 */
export function requireTenant(principal: Principal): TenantPrincipal {
  if (isTenant(principal)) return principal;
  throw new Error(`${principal.actorName} acts in no organisation here`);
}

/** The operator outside of any organisation, for `/admin`, the bootstrap and the command line. */
export const operatorBy = (tier: OperatorPrincipal['tier']): OperatorPrincipal =>
  freezePrincipal({
    kind: 'operator',
    tier,
    subjectId: tier,
    actorName: tier,
    organization: null,
    key: null,
    userId: null,
    isAdmin: true,
    scopes: [],
  });

export const provisioning: SystemPrincipal = freezePrincipal({
  ...operatorBy('cli'),
  kind: 'system',
  tier: 'system',
  subjectId: 'system',
  actorName: 'provisioning',
});

/** Whether the principal may grant scopes that it does not hold, and may act on every key. */
export function grantsAnything({ kind }: Principal): boolean {
  switch (kind) {
    case 'key':
      return false;
    case 'operator':
    case 'system':
      return true;
  }
}

export const attributionOf = ({ tier, organization, key, userId }: Principal): Attribution => ({
  tier,
  organizationId: organization?.id ?? null,
  keyId: key?.id ?? null,
  keyPrefix: key?.prefix ?? null,
  createdBy: key?.createdBy ?? null,
  userId,
});

export function freezePrincipal<P extends Principal>(principal: P): P {
  Object.freeze(principal.organization);
  Object.freeze(principal.key);
  Object.freeze(principal.scopes);
  return Object.freeze(principal);
}
