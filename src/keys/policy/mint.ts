import { AppError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { requireOrganizationId } from '../../organization.ts';
import { grantsAnything, type Principal } from '../../principal.ts';
import type { Catalogue } from '../../scopes/scopes.ts';
import type { KeyFormat } from '../key-format.ts';
import { type KeyRecord, type Keyspace, keyStatus, type Restrictions } from '../key-record.ts';
import type { MintFacts, NewKey } from '../key-store.ts';
import { endOfHeirMs, requireWithinLife } from './heir.ts';
import type { MintRequest } from './mint-request.ts';
import { expiryOf, makeKey } from './new-key.ts';
import { requireKeyManager } from './require-actor.ts';
import { inheritRestrictions, requireAsRestricted } from './restrictions.ts';
import { decideGrant, requireHeld, type ScopeGrant } from './scope-grant.ts';

export type MintRules = {
  readonly format: KeyFormat;
  readonly catalogue: Catalogue;
  readonly defaultTtlDays: number;
  readonly staleAfterDays: number;
  readonly maxPerOrganization: number;
  readonly workspaceTokens: boolean;
};

/** Who mints, in which keyspace, and when. */
export type Minting = {
  readonly keyspace: Keyspace;
  readonly principal: Principal;
  readonly nowMs: number;
};

/**
 * The key that `request` makes from the rows of the transaction.
 *
 * @throws AppError: every refusal of `mintKey`
 */
export function decideMint(
  request: MintRequest,
  facts: MintFacts,
  { keyspace, principal, nowMs }: Minting,
  rules: MintRules,
): NewKey & { readonly plaintext: string } {
  requireKeyManager(principal, facts.actor, nowMs);
  requireMintRole(request.scopeType, request.userId, principal);
  requireOwnKeyspace(request, keyspace);
  if (request.scopeType === 'workspace') requireWorkspaceToken(request, principal, rules);
  const grant = decideGrant(request, facts.canon, rules.catalogue);
  requireWithinLife(request.expiresInDays, facts.actor, nowMs);
  const userId = requireOwner(request, principal, facts);
  requireHeld(grant.scopes, principal, facts.canon);
  if (facts.keys.live >= rules.maxPerOrganization) throw new AppError('KEY_LIMIT_REACHED');
  const becomesDefault = mayBeDefault(request, grant) && needsDefaultKey(facts.defaultKey, rules, nowMs);
  // A default key does not expire, unless the request says so.
  const days = request.expiresInDays ?? (becomesDefault ? 'never' : undefined);
  const made = makeKey(
    keyspace,
    {
      name: request.name,
      scopeType: request.scopeType,
      userId,
      ...grant,
      owner: request.owner ?? accountable(principal),
      purpose: request.purpose ?? null,
      restrictions: grantedRestrictions(request, facts),
      createdBy: principal.actorName,
      expiresAtMs: endOfHeirMs(expiryOf(days, rules.defaultTtlDays, nowMs), facts.actor),
      isDefault: becomesDefault,
    },
    rules.format,
    nowMs,
  );
  const demotes = becomesDefault ? (facts.defaultKey?.id ?? null) : null;
  return { ...made, demotes, grants: [...new Set(request.organizationIds?.map(requireOrganizationId))] };
}

const mayBeDefault = ({ scopeType }: MintRequest, { scopeSource }: ScopeGrant): boolean =>
  scopeType === 'global' && scopeSource === 'canonical';

/**
 * Whether the caller may mint this type of key for this user. It runs before the arguments are validated, so that a
 * refusal reveals nothing about them; hence `unknown`. It runs again inside the transaction.
 *
 * @throws SCOPE_REQUIRED, HOST_KEY_OPERATOR_ONLY, GLOBAL_KEY_ADMIN_ONLY, FORBIDDEN, in this order
 */
export function requireMintRole(scopeType: unknown, userId: unknown, principal: Principal): void {
  if (scopeType === undefined || scopeType === null) {
    throw new AppError('SCOPE_REQUIRED', {
      message:
        'scope_type is required: "global" for a key of the organisation, "user" for a key of one person, which does at most what they may.',
    });
  }
  if (scopeType === 'host' && !grantsAnything(principal)) throw new AppError('HOST_KEY_OPERATOR_ONLY');
  if (principal.isAdmin) return;
  if (scopeType === 'global') throw new AppError('GLOBAL_KEY_ADMIN_ONLY');
  if (userId !== undefined && userId !== principal.userId) throw new AppError('FORBIDDEN');
}

function requireOwnKeyspace({ scopeType }: MintRequest, keyspace: Keyspace): void {
  if ((scopeType === 'host') !== (keyspace === 'operator')) throw new Error('a key in a foreign keyspace');
}

/** Workspace tokens are deprecated: only the command line mints one, if enabled, for exactly one workspace. */
function requireWorkspaceToken({ restrictions }: MintRequest, principal: Principal, rules: MintRules): void {
  if (principal.tier !== 'cli') throw new AppError('FORBIDDEN');
  if (rules.workspaceTokens && restrictions?.workspace_ids?.length === 1) return;
  throw new AppError('VALIDATION_ERROR', {
    message:
      'A workspace token is for one workspace, and needs keys.workspaceTokens: true; better, mint a key of the organisation.',
  });
}

/** The owner of a user-bound key; null for a key of the organisation. */
function requireOwner(request: MintRequest, principal: Principal, { activeUser }: MintFacts): UserId | null {
  const userId = ownerAsked(request, principal);
  if (request.scopeType !== 'user') {
    if (userId === null) return null;
    throw new AppError('VALIDATION_ERROR', {
      message: 'user_id: expected none for a key that is not user-bound',
    });
  }
  if (userId === null) throw new AppError('VALIDATION_ERROR', { message: 'user_id: expected a member' });
  if (activeUser !== userId) throw new AppError('INVALID_USER');
  return activeUser;
}

/** The requested owner, not yet checked; null for none. */
export function ownerAsked({ scopeType, userId }: MintRequest, principal: Principal): string | null {
  if (userId !== undefined) return userId;
  return scopeType === 'user' ? principal.userId : null;
}

const accountable = (principal: Principal): string => principal.userId ?? principal.key?.owner ?? 'operator';

/** A restricted key mints only keys that are restricted at least as much. Missing restrictions are inherited. */
function grantedRestrictions({ restrictions }: MintRequest, { actor }: MintFacts): Restrictions | null {
  const own = actor?.restrictions ?? null;
  const granted = inheritRestrictions(restrictions ?? null, own);
  requireAsRestricted(granted, own);
  return granted;
}

/** A revoked, expired or stale default key counts as missing. */
export function needsDefaultKey(
  defaultKey: KeyRecord | null,
  rules: Pick<MintRules, 'staleAfterDays'>,
  nowMs: number,
): boolean {
  if (defaultKey === null) return true;
  const status = keyStatus(defaultKey, nowMs, rules.staleAfterDays);
  return status !== 'active' && status !== 'grace';
}
