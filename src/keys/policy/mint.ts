import { type Caller, type KeyCaller, speaksWithKey } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { requireOrganizationId } from '../organization.ts';
import { builtInScopes, type Catalogue, type Scope } from '../scopes/scopes.ts';
import type { KeyFormat } from './key-format.ts';
import {
  isLive,
  type KeyRecord,
  type Keyspace,
  keyStatus,
  type Restrictions,
  type ScopeType,
} from './key-record.ts';
import type { ActingKey, MintFacts, NewKey } from './key-store.ts';
import { expiryOf, makeKey } from './new-key.ts';
import { inheritRestrictions, requireAsRestricted } from './restrictions.ts';
import { decideGrant, requireHeld } from './scope-grant.ts';

/** What is asked for; in an organisation's keyspace no other organisation can be meant. */
export type MintRequest = {
  readonly scopeType: ScopeType;
  /** Whose key it is, for a user-bound one; the calling user's when left out. An id of no form is nobody's. */
  readonly userId?: string | undefined;
  readonly name: string;
  readonly scopes?: readonly Scope[] | undefined;
  readonly additionalScopes?: readonly Scope[] | undefined;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  readonly expiresInDays?: number | 'never' | undefined;
  readonly restrictions?: Restrictions | undefined;
  /** The organisations that a host key may act for; none for other keys. */
  readonly organizationIds?: readonly string[] | undefined;
};

/** Who mints: a verified caller, who grants at most what they hold, or the operator, who may grant anything. */
export type Minter =
  | { readonly caller: KeyCaller }
  | { readonly operator: 'cli' | 'provisioning' | 'admin-token' | 'bootstrap' };

export function minterOf(caller: Caller): Minter {
  if (speaksWithKey(caller)) return { caller };
  if (caller.tier === 'admin-token') return { operator: 'admin-token' };
  throw new Error(`nobody may mint as ${caller.tier}`);
}

/** How the minter is named on what they made. */
export const nameOf = (minter: Minter): string =>
  'caller' in minter ? minter.caller.key.prefix : minter.operator;

export type MintRules = {
  readonly format: KeyFormat;
  readonly catalogue: Catalogue;
  readonly defaultTtlDays: number;
  readonly staleAfterDays: number;
  readonly maxPerOrganization: number;
  readonly workspaceTokens: boolean;
};

/** The key that `request` makes, given the facts of the moment; throws the refusal otherwise. */
export function decideMint(
  keyspace: Keyspace,
  request: MintRequest,
  minter: Minter,
  facts: MintFacts,
  rules: MintRules,
  nowMs: number,
): NewKey & { readonly plaintext: string } {
  requireLiveActor(minter, facts.actor, nowMs);
  if ('caller' in minter) requireMintRole(request.scopeType, request.userId, minter.caller);
  if ((request.scopeType === 'host') !== (keyspace === 'operator'))
    throw new Error('a key in a foreign keyspace');
  if (request.scopeType === 'workspace') requireWorkspaceToken(request, minter, rules);
  const grant = decideGrant(request, facts.canon, rules.catalogue);
  const userId = requireOwner(request, minter, facts);
  requireHeld(grant.scopes, minter, facts.canon);
  if (facts.keys.live >= rules.maxPerOrganization) throw new AppError('KEY_LIMIT_REACHED');

  const isCanonical = request.scopeType === 'global' && grant.scopeSource === 'canonical';
  const becomesDefault = isCanonical && needsDefaultKey(facts.defaultKey, rules, nowMs);
  // A default key does not expire, unless whoever mints it says so.
  const days = request.expiresInDays ?? (becomesDefault ? 'never' : undefined);
  const made = makeKey(
    keyspace,
    {
      name: request.name,
      scopeType: request.scopeType,
      userId,
      ...grant,
      owner: request.owner ?? accountable(minter),
      purpose: request.purpose ?? null,
      restrictions: grantedRestrictions(request, facts),
      createdBy: nameOf(minter),
      expiresAtMs: expiryOf(days, rules.defaultTtlDays, nowMs),
      isDefault: becomesDefault,
    },
    rules.format,
    nowMs,
  );
  const demotes = becomesDefault ? (facts.defaultKey?.id ?? null) : null;
  return { ...made, demotes, grants: [...new Set(request.organizationIds?.map(requireOrganizationId))] };
}

/**
 * Who may mint which type of key, and for whom. It comes before whether the rest is well formed, so that a
 * refusal teaches nothing of it: what it is asked about may be anything yet. Asked again inside the transaction.
 *
 * @throws SCOPE_REQUIRED, HOST_KEY_OPERATOR_ONLY, GLOBAL_KEY_ADMIN_ONLY, FORBIDDEN, in this order
 */
export function requireMintRole(scopeType: unknown, userId: unknown, caller: Caller): void {
  if (scopeType === undefined || scopeType === null) {
    throw new AppError('SCOPE_REQUIRED', { message: 'scope_type is required: "global" or "user".' });
  }
  if (scopeType === 'host' && speaksWithKey(caller)) throw new AppError('HOST_KEY_OPERATOR_ONLY');
  if (caller.isAdmin) return;
  if (scopeType === 'global') throw new AppError('GLOBAL_KEY_ADMIN_ONLY');
  if (userId !== undefined && userId !== caller.userId) throw new AppError('FORBIDDEN');
}

/** The deprecated kind: made by the operator at the command line alone, where it is on, for one workspace. */
function requireWorkspaceToken({ restrictions }: MintRequest, minter: Minter, rules: MintRules): void {
  if (!('operator' in minter) || minter.operator !== 'cli') throw new AppError('FORBIDDEN');
  if (rules.workspaceTokens && restrictions?.workspace_ids?.length === 1) return;
  throw new AppError('VALIDATION_ERROR', {
    message:
      'A workspace token is for one workspace, and needs keys.workspaceTokens: true; better, mint a key of the organisation.',
  });
}

/** The person whose key it will be; null for a key of the organisation. */
function requireOwner(request: MintRequest, minter: Minter, { activeUser }: MintFacts): UserId | null {
  const userId = ownerAsked(request, minter);
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

/** Whose key is asked for, well formed or not; null for nobody's. */
export function ownerAsked({ scopeType, userId }: MintRequest, minter: Minter): string | null {
  if (userId !== undefined) return userId;
  return scopeType === 'user' && 'caller' in minter ? minter.caller.userId : null;
}

const accountable = (minter: Minter): string =>
  'caller' in minter ? (minter.caller.userId ?? minter.caller.key.owner) : 'operator';

/**
 * A key that was revoked between the gate and the commit must not leave anything behind, nor one whose owner went,
 * or is an admin no more.
 *
 * @throws INVALID_TOKEN, FORBIDDEN
 */
export function requireLiveActor(minter: Minter, actor: ActingKey | null, nowMs: number): void {
  if (!('caller' in minter)) return;
  if (actor === null || !isLive(actor, nowMs)) throw new AppError('INVALID_TOKEN');
  if (actor.scopeType !== 'user') return;
  if (actor.ownerRole === null) throw new AppError('INVALID_TOKEN');
  if (actsAsAdmin(minter.caller) && actor.ownerRole !== 'admin') throw new AppError('FORBIDDEN');
}

/** Of people the admins alone have built-in scopes: whoever passed the gate with one was an admin then. */
const actsAsAdmin = ({ isAdmin, scopes }: Caller): boolean =>
  isAdmin || builtInScopes.some((scope) => scopes.includes(scope));

/** A restricted key mints keys that are restricted at least as it is: what is not said is inherited. */
function grantedRestrictions({ restrictions }: MintRequest, { actor }: MintFacts): Restrictions | null {
  const own = actor?.restrictions ?? null;
  const granted = inheritRestrictions(restrictions ?? null, own);
  requireAsRestricted(granted, own);
  return granted;
}

/** Revoked, expired or stale is as good as missing. */
export function needsDefaultKey(
  defaultKey: KeyRecord | null,
  rules: Pick<MintRules, 'staleAfterDays'>,
  nowMs: number,
): boolean {
  if (defaultKey === null) return true;
  const status = keyStatus(defaultKey, nowMs, rules.staleAfterDays);
  return status !== 'active' && status !== 'grace';
}
