import { type Attribution, attributedTo, type Tier } from '../../attribution.ts';
import { AppError } from '../../errors.ts';
import type { OrganizationId } from '../../ids.ts';
import type { KeyFormat } from '../../keys/key-format.ts';
import { endOfLifeMs, type KnownKey, refusalOf, type ScopeType } from '../../keys/key-record.ts';
import type { FoundKey, KeyStore } from '../../keys/key-store.ts';
import { effectiveScopes, type PermissionRules } from '../../members/effective-scopes.ts';
import type { MemberStore, Membership } from '../../members/member-store.ts';
import type { Organization } from '../../organization.ts';
import { attributionOf, freezePrincipal, type KeyPrincipal } from '../../principal.ts';
import { isAdminScope, type Scope } from '../../scopes/scopes.ts';
import { isKeyShaped } from '../../secrets/key-pattern.ts';
import { requireWithinRestrictions } from '../key-restrictions.ts';
import {
  attemptedMismatch,
  namedOrganizations,
  refusalOfOrganization,
  requireExisting,
  requireNamed,
  requireNotSuspended,
} from '../organization-signals.ts';
import type { Identified, Presented, Scheme } from './scheme.ts';

export type ApiKeyDeps = {
  readonly keys: KeyStore;
  readonly members: MemberStore;
  readonly permissionRules: PermissionRules;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** An organisation's key, a host key or a workspace token. All are refused on `/admin`. */
export const apiKey = (deps: ApiKeyDeps): Scheme => ({
  claims: (_surface, credential) => credential !== undefined && isKeyShaped(credential),
  async identify(presented, credential) {
    const identified = await identifyKey(credential, presented, deps);
    const { attribution } = identified;
    if (presented.surface === 'admin') throw new AppError('FORBIDDEN', { attribution });
    return identified;
  },
});

async function identifyKey(
  credential: string,
  presented: Presented,
  deps: ApiKeyDeps,
): Promise<Identified<KeyPrincipal>> {
  const parsed = deps.format.parse(credential);
  if (parsed === undefined) throw new AppError('INVALID_TOKEN', { detail: { reason: 'malformed' } });

  const check = await checkKey(parsed.hash, deps);
  if (!check.ok) throw refused(check);
  const { found, membership } = check;
  const organization = found.organization ?? (await grantedOrganization(found.key, presented, deps));
  const principal = principalOf(found.key, organization, membership, deps.permissionRules);
  const attribution = attributionOf(principal);
  requireAgreement(organization.id, presented, attribution);
  requireNotSuspended(organization, attribution);
  requireWithinRestrictions(found.key, presented, attribution);

  const refusalNow = () => refusalLater(parsed.hash, organization.id, deps);
  return { principal, attribution, endOfLifeMs: endOfLifeMs(found.key), refusalNow };
}

/**
 * Repeats the checks of key, owner and organisation, for a key that was accepted for this organisation. Its restrictions
 * and scopes are not asked again.
 */
async function refusalLater(
  hash: Buffer,
  organizationId: OrganizationId,
  deps: ApiKeyDeps,
): Promise<AppError | undefined> {
  const check = await checkKey(hash, deps);
  if (!check.ok) return new AppError('INVALID_TOKEN', { detail: { reason: check.reason, under_way: true } });
  const { found } = check;
  const organization = found.organization ?? (await deps.keys.findGrant(found.key.id, organizationId));
  return refusalOfOrganization(organization, { reason: 'no grant', under_way: true });
}

type Refused = { readonly ok: false; readonly reason: string; readonly key?: KnownKey };
type Checked =
  | Refused
  | { readonly ok: true; readonly found: FoundKey; readonly membership: Membership | undefined };

/** Whether the key is accepted now. The reason is for the audit: the caller gets one answer for every bad credential. */
async function checkKey(hash: Buffer, deps: ApiKeyDeps): Promise<Checked> {
  const found = await deps.keys.find(hash);
  if (found === undefined) return { ok: false, reason: 'unknown' };
  const { key, organization } = found;
  if (organization?.status === 'deleted') return { ok: false, reason: 'organization deleted', key };
  const reason = refusalOf(key, deps.now());
  if (reason !== undefined) return { ok: false, reason, key };
  const membership = await membershipOf(key, deps);
  if (isOwnerGone(key, membership)) return { ok: false, reason: 'owner inactive', key };
  return { ok: true, found, membership };
}

/** The refusal of a known key is recorded in the key's own organisation. */
const refused = ({ reason, key }: Refused): AppError =>
  new AppError('INVALID_TOKEN', {
    detail: { reason },
    ...(key !== undefined && { attribution: attributionOfKey(key, 'none') }),
  });

const attributionOfKey = ({ organizationId, id, prefix, createdBy }: KnownKey, tier: Tier): Attribution => ({
  ...attributedTo(tier),
  organizationId,
  keyId: id,
  keyPrefix: prefix,
  createdBy,
});

/** The organisation that the request names, if the host key is granted it. There is no default. */
async function grantedOrganization(
  key: KnownKey,
  presented: Presented,
  { keys }: ApiKeyDeps,
): Promise<Organization> {
  const attribution = attributionOfKey(key, 'host-key');
  const named = requireNamed(presented, attribution);
  return requireExisting(await keys.findGrant(key.id, named), named, attribution);
}

/** The current membership of a user-bound key's owner, read from the store on every request. */
async function membershipOf({ organizationId, userId }: KnownKey, { members }: ApiKeyDeps) {
  return organizationId === null || userId === null
    ? undefined
    : members.permissionsOf(organizationId, userId);
}

const isOwnerGone = ({ scopeType }: KnownKey, membership: Membership | undefined): boolean =>
  scopeType === 'user' && membership?.active !== true;

/** Refuses a header or URL that names another organisation, with the same bytes whether that one exists or not. */
function requireAgreement(own: OrganizationId, presented: Presented, attribution: Attribution): void {
  for (const named of namedOrganizations(presented, attribution)) {
    if (named !== own) throw attemptedMismatch(named, attribution);
  }
}

/** What the key may do now, which may be less than it was granted. */
function scopesOf(
  { scopeType, scopes }: KnownKey,
  membership: Membership | undefined,
  rules: PermissionRules,
): readonly Scope[] {
  switch (scopeType) {
    case 'global':
      return scopes;
    case 'user':
      return effectiveScopes(scopes, membership, rules);
    case 'host':
    case 'workspace':
      return scopes.filter((scope) => !isAdminScope(scope));
  }
}

const tiers: Readonly<Record<ScopeType, KeyPrincipal['tier']>> = {
  global: 'organization-key',
  user: 'organization-key',
  host: 'host-key',
  workspace: 'workspace-token',
};

function principalOf(
  key: KnownKey,
  organization: Organization,
  membership: Membership | undefined,
  rules: PermissionRules,
): KeyPrincipal {
  const scopes = scopesOf(key, membership, rules);
  const mayBeAdmin = key.scopeType === 'global' || membership?.role === 'admin';
  return freezePrincipal({
    kind: 'key',
    subjectId: key.id,
    actorName: key.prefix,
    tier: tiers[key.scopeType],
    organization: { id: organization.id, name: organization.name, externalId: organization.externalId },
    key: {
      id: key.id,
      prefix: key.prefix,
      name: key.name,
      scopeType: key.scopeType,
      owner: key.owner,
      createdBy: key.createdBy,
      canonicalVersion: key.canonicalVersion,
      restrictedToTools: key.restrictions?.tools ?? null,
      restrictedToWorkspaces: key.restrictions?.workspace_ids ?? null,
      expiresAtMs: key.expiresAtMs,
    },
    userId: key.userId,
    isAdmin: mayBeAdmin && scopes.includes('key:write'),
    scopes,
  });
}
