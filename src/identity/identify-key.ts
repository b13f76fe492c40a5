import type { AuditSlot, Speaker } from '../audit/audit-slot.ts';
import { type Caller, freezeCaller, type Tier } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import { endOfLifeMs, type KnownKey, refusalOf, type ScopeType } from '../keys/key-record.ts';
import type { FoundKey, KeyStore } from '../keys/key-store.ts';
import { effectiveScopes, type PermissionRules } from '../members/effective-scopes.ts';
import type { MemberStore, Standing } from '../members/member-store.ts';
import type { Organization } from '../organization.ts';
import { isAdminScope, type Scope } from '../scopes/scopes.ts';
import { addressSet } from './client-address.ts';
import type { Identified, Presented } from './identify.ts';
import { attemptedMismatch, namedOrganizations, requireNamed } from './organization-signals.ts';

export type KeyDeps = {
  readonly keys: KeyStore;
  readonly members: MemberStore;
  readonly permissionRules: PermissionRules;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** The caller behind an organisation's key or a host key. */
export async function identifyKey(
  credential: string,
  presented: Presented,
  slot: AuditSlot,
  deps: KeyDeps,
): Promise<Identified> {
  const parsed = deps.format.parse(credential);
  if (parsed === undefined) throw new AppError('INVALID_TOKEN', { detail: { reason: 'malformed' } });

  const found = await deps.keys.find(parsed.hash);
  if (found === undefined) throw new AppError('INVALID_TOKEN', { detail: { reason: 'unknown' } });
  const reason = refusalReason(found, deps.now());
  if (reason !== undefined) throw refused(found.key, reason, slot);
  const standing = await standingOf(found.key, deps);
  if (isOwnerGone(found.key, standing)) throw refused(found.key, 'owner inactive', slot);
  const organization = found.organization ?? (await grantedOrganization(found.key, presented, slot, deps));
  const caller = callerOf(found.key, organization, standing, deps.permissionRules);
  slot.learn({ caller });
  requireAgreement(caller, presented, slot);
  if (organization.status === 'suspended') throw new AppError('ORGANIZATION_SUSPENDED');
  requireAllowedAddress(found.key, presented.clientAddress);
  requireOwnWorkspace(found.key, presented.workspaceId);

  const stillValid = async (): Promise<boolean> => {
    const again = await deps.keys.find(parsed.hash);
    if (again === undefined || refusalOf(again.key, deps.now()) !== undefined) return false;
    const place = again.organization ?? (await deps.keys.findGrant(again.key.id, organization.id));
    return place?.status === 'active' && !isOwnerGone(again.key, await standingOf(again.key, deps));
  };
  return { caller, endOfLifeMs: endOfLifeMs(found.key), stillValid };
}

/** Every bad credential gets one answer; the precise reason is for the audit alone. */
function refusalReason({ key, organization }: FoundKey, nowMs: number): string | undefined {
  return organization?.status === 'deleted' ? 'organization deleted' : refusalOf(key, nowMs);
}

/** A credential that is refused but known has its row in its own organisation. */
function refused(key: KnownKey, reason: string, slot: AuditSlot): AppError {
  slot.learn({ known: speakerOf(key, 'none') });
  return new AppError('INVALID_TOKEN', { detail: { reason } });
}

const speakerOf = ({ organizationId, id, prefix, createdBy }: KnownKey, tier: Tier): Speaker => ({
  tier,
  organizationId,
  keyId: id,
  keyPrefix: prefix,
  createdBy,
});

/** A host key acts for the organisation that the request names, if it was granted; nothing is chosen for it. */
async function grantedOrganization(
  key: KnownKey,
  presented: Presented,
  slot: AuditSlot,
  { keys }: KeyDeps,
): Promise<Organization> {
  slot.learn({ known: speakerOf(key, 'host-key') });
  const named = requireNamed(presented);
  const organization = await keys.findGrant(key.id, named);
  if (organization === undefined || organization.status === 'deleted') throw attemptedMismatch(named, slot);
  return organization;
}

/** What the owner of a user-bound key is and holds at this moment, read from the store on every request. */
async function standingOf({ organizationId, userId }: KnownKey, { members }: KeyDeps) {
  return organizationId === null || userId === null
    ? undefined
    : members.permissionsOf(organizationId, userId);
}

const isOwnerGone = ({ scopeType }: KnownKey, standing: Standing | undefined): boolean =>
  scopeType === 'user' && standing?.active !== true;

/** A header or URL that names another organisation, existing or not, is refused with the same bytes. */
function requireAgreement(caller: Caller, presented: Presented, slot: AuditSlot): void {
  for (const named of namedOrganizations(presented)) {
    if (named !== caller.organization.id) throw attemptedMismatch(named, slot);
  }
}

/** An address that is not known is outside every list. */
function requireAllowedAddress({ restrictions }: KnownKey, address: string | null): void {
  if (restrictions?.addresses === undefined) return;
  if (address === null || !addressSet(restrictions.addresses).has(address))
    throw new AppError('KEY_RESTRICTED');
}

/** Below `/workspaces/…` the path counts, whatever the arguments say; a workspace token reaches nothing else. */
function requireOwnWorkspace({ scopeType, restrictions }: KnownKey, workspaceId: string | undefined): void {
  const own = restrictions?.workspace_ids;
  if (scopeType !== 'workspace' && (own === undefined || workspaceId === undefined)) return;
  if (workspaceId === undefined || !own?.includes(workspaceId)) throw new AppError('KEY_RESTRICTED');
}

/** What the key may do at this moment, whatever it was granted. */
function scopesOf(
  { scopeType, scopes }: KnownKey,
  standing: Standing | undefined,
  rules: PermissionRules,
): readonly Scope[] {
  switch (scopeType) {
    case 'global':
      return scopes;
    case 'user':
      return effectiveScopes(scopes, standing, rules);
    case 'host':
    case 'workspace':
      return scopes.filter((scope) => !isAdminScope(scope));
  }
}

const tiers: Readonly<Record<ScopeType, Tier>> = {
  global: 'organization-key',
  user: 'organization-key',
  host: 'host-key',
  workspace: 'workspace-token',
};

function callerOf(
  key: KnownKey,
  organization: Organization,
  standing: Standing | undefined,
  rules: PermissionRules,
): Caller {
  const scopes = scopesOf(key, standing, rules);
  const mayBeAdmin = key.scopeType === 'global' || standing?.role === 'admin';
  return freezeCaller({
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
