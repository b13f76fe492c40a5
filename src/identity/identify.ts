import type { AuditSlot } from '../audit/audit-slot.ts';
import { type Caller, freezeCaller } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import { endOfLifeMs, type KeyRecord, refusalOf } from '../keys/key-record.ts';
import type { FoundKey, KeyStore } from '../keys/key-store.ts';
import { effectiveScopes, type PermissionRules } from '../members/effective-scopes.ts';
import type { MemberStore, Standing } from '../members/member-store.ts';
import { addressSet } from './client-address.ts';
import { readCredential } from './credential.ts';
import { namedOrganizations, type OrganizationSignals } from './organization-signals.ts';

export type IdentityDeps = {
  readonly keys: KeyStore;
  readonly members: MemberStore;
  readonly permissionRules: PermissionRules;
  readonly format: KeyFormat;
  readonly now: () => number;
};

/** What a request shows of its caller: the headers as they came, the URL's organisation, the address. */
export type Presented = OrganizationSignals & { readonly clientAddress: string | null };

/** A settled caller, and the question whether its key still is what it was. */
export type Identified = {
  readonly caller: Caller;
  /** When the key ends by itself, in milliseconds since 1970; null for one that does not. */
  readonly endOfLifeMs: number | null;
  readonly stillValid: () => Promise<boolean>;
};

/**
 * Who calls, and for which organisation: the credential decides the set, every signal must agree. Nothing is
 * cached: the store is read on each request, so that a revocation holds on the next one.
 *
 * @throws 400 and 401 for the credential, then 400 and 403 for the organisation; 503 where the store cannot answer
 */
export async function identify(
  presented: Presented,
  slot: AuditSlot,
  deps: IdentityDeps,
): Promise<Identified> {
  const credential = readCredential(presented.rawHeaders);
  if (credential === undefined) throw new AppError('AUTHENTICATION_REQUIRED');
  const parsed = deps.format.parse(credential);
  if (parsed === undefined) throw new AppError('INVALID_TOKEN', { detail: { reason: 'malformed' } });

  const found = await deps.keys.find(parsed.hash);
  requireAcceptable(found, slot, deps.now());
  const standing = await standingOf(found.key, deps);
  if (isOwnerGone(found.key, standing)) throw refused(found, 'owner inactive', slot);
  const caller = callerOf(found, standing, deps.permissionRules);
  slot.learn({ caller });
  requireAgreement(caller, presented, slot);
  if (found.organization.status === 'suspended') throw new AppError('ORGANIZATION_SUSPENDED');
  requireAllowedAddress(found.key, presented.clientAddress);

  const stillValid = async (): Promise<boolean> => {
    const again = await deps.keys.find(parsed.hash);
    if (again === undefined || refusalReason(again, deps.now()) !== undefined) return false;
    return !isOwnerGone(again.key, await standingOf(again.key, deps));
  };
  return { caller, endOfLifeMs: endOfLifeMs(found.key), stillValid };
}

/** Every bad credential gets one answer; the precise reason is for the audit alone. */
function requireAcceptable(
  found: FoundKey | undefined,
  slot: AuditSlot,
  nowMs: number,
): asserts found is FoundKey {
  if (found === undefined) throw new AppError('INVALID_TOKEN', { detail: { reason: 'unknown' } });
  const reason =
    found.organization.status === 'suspended' ? refusalOf(found.key, nowMs) : refusalReason(found, nowMs);
  if (reason !== undefined) throw refused(found, reason, slot);
}

/** A credential that is refused but known has its row in its own organisation. */
function refused({ key }: FoundKey, reason: string, slot: AuditSlot): AppError {
  const { organizationId, id, prefix, createdBy } = key;
  slot.learn({ refusedKey: { organizationId, keyId: id, keyPrefix: prefix, createdBy } });
  return new AppError('INVALID_TOKEN', { detail: { reason } });
}

/** What the owner of a user-bound key is and holds at this moment, read from the store on every request. */
async function standingOf({ organizationId, userId }: KeyRecord, { members }: IdentityDeps) {
  return userId === null ? undefined : members.permissionsOf(organizationId, userId);
}

const isOwnerGone = ({ scopeType }: KeyRecord, standing: Standing | undefined): boolean =>
  scopeType === 'user' && standing?.active !== true;

function refusalReason({ key, organization }: FoundKey, nowMs: number): string | undefined {
  if (organization.status !== 'active') return `organization ${organization.status}`;
  return refusalOf(key, nowMs);
}

/** A header or URL that names another organisation, existing or not, is refused with the same bytes. */
function requireAgreement(caller: Caller, signals: OrganizationSignals, slot: AuditSlot): void {
  for (const named of namedOrganizations(signals)) {
    if (named === caller.organization.id) continue;
    slot.learn({ attempted: named });
    throw new AppError('ORGANIZATION_MISMATCH');
  }
}

/** An address that is not known is outside every list. */
function requireAllowedAddress({ restrictions }: KeyRecord, address: string | null): void {
  if (restrictions?.addresses === undefined) return;
  if (address === null || !addressSet(restrictions.addresses).has(address))
    throw new AppError('KEY_RESTRICTED');
}

function callerOf(
  { key, organization }: FoundKey,
  standing: Standing | undefined,
  rules: PermissionRules,
): Caller {
  const scopes = key.scopeType === 'user' ? effectiveScopes(key.scopes, standing, rules) : key.scopes;
  const mayBeAdmin = key.scopeType === 'global' || standing?.role === 'admin';
  return freezeCaller({
    tier: 'organization-key',
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
      expiresAtMs: key.expiresAtMs,
    },
    userId: key.userId,
    isAdmin: mayBeAdmin && scopes.includes('key:write'),
    scopes,
  });
}
