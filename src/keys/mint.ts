import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { OrganizationId, UserId } from '../ids.ts';
import type { CanonicalSet, Catalogue, Scope } from '../scopes/scopes.ts';
import type { KeyFormat } from './key-format.ts';
import { isLive, type KeyRecord, keyStatus, type Restrictions, type ScopeSource } from './key-record.ts';
import type { MintFacts, NewKey } from './key-store.ts';
import { expiryOf, makeKey } from './new-key.ts';
import { inheritRestrictions, requireAsRestricted } from './restrictions.ts';

/** What is asked for; exactly one organisation, the caller's, can be meant. */
export type MintRequest = {
  readonly scopeType: 'global' | 'user';
  /** Whose key it is, for a user-bound one; the calling user's when left out. An id of no form is nobody's. */
  readonly userId?: string | undefined;
  readonly name: string;
  readonly scopes?: readonly Scope[] | undefined;
  readonly additionalScopes?: readonly Scope[] | undefined;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  readonly expiresInDays?: number | 'never' | undefined;
  readonly restrictions?: Restrictions | undefined;
};

/** Who mints: a verified caller, who grants at most what they hold, or the operator, who may grant anything. */
export type Minter = { readonly caller: Caller } | { readonly operator: 'cli' | 'provisioning' };

export type MintRules = {
  readonly format: KeyFormat;
  readonly catalogue: Catalogue;
  readonly defaultTtlDays: number;
  readonly staleAfterDays: number;
  readonly maxPerOrganization: number;
};

type Grant = {
  readonly scopes: readonly Scope[];
  readonly source: ScopeSource;
  readonly version: number | null;
};

/** The key that `request` makes, given the facts of the moment; throws the refusal otherwise. */
export function decideMint(
  organizationId: OrganizationId,
  request: MintRequest,
  minter: Minter,
  facts: MintFacts,
  rules: MintRules,
  nowMs: number,
): NewKey & { readonly plaintext: string } {
  requireLiveActor(minter, facts.actor, nowMs);
  if ('caller' in minter) requireMintRole(request.scopeType, request.userId, minter.caller);
  const grant = decideGrant(request, facts, rules);
  const userId = requireOwner(request, minter, facts);
  requireHeld(grant.scopes, minter, facts.canon);
  if (facts.keys.live >= rules.maxPerOrganization) throw new AppError('KEY_LIMIT_REACHED');

  const isCanonical = request.scopeType === 'global' && grant.source === 'canonical';
  const becomesDefault = isCanonical && needsDefaultKey(facts.defaultKey, rules, nowMs);
  // A default key does not expire, unless whoever mints it says so.
  const days = request.expiresInDays ?? (becomesDefault ? 'never' : undefined);
  const made = makeKey(
    organizationId,
    {
      name: request.name,
      scopeType: request.scopeType,
      userId,
      scopes: grant.scopes,
      scopeSource: grant.source,
      canonicalVersion: grant.version,
      owner: request.owner ?? accountable(minter),
      purpose: request.purpose ?? null,
      restrictions: grantedRestrictions(request, facts),
      createdBy: 'caller' in minter ? minter.caller.key.prefix : minter.operator,
      expiresAtMs: expiryOf(days, rules.defaultTtlDays, nowMs),
      isDefault: becomesDefault,
    },
    rules.format,
    nowMs,
  );
  return { ...made, demotes: becomesDefault ? (facts.defaultKey?.id ?? null) : null };
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
  if (scopeType === 'host') throw new AppError('HOST_KEY_OPERATOR_ONLY');
  if (caller.isAdmin) return;
  if (scopeType === 'global') throw new AppError('GLOBAL_KEY_ADMIN_ONLY');
  if (userId !== undefined && userId !== caller.userId) throw new AppError('FORBIDDEN');
}

/** The person whose key it will be; null for a key of the organisation. */
function requireOwner(request: MintRequest, minter: Minter, { activeUser }: MintFacts): UserId | null {
  const userId = ownerAsked(request, minter);
  if (request.scopeType === 'global') {
    if (userId === null) return null;
    throw new AppError('VALIDATION_ERROR', {
      message: 'user_id: expected none for a key of the organisation',
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

/** A key revoked between the gate and the commit must not leave anything behind. */
export function requireLiveActor(minter: Minter, actor: KeyRecord | null, nowMs: number): void {
  if ('caller' in minter && (actor === null || !isLive(actor, nowMs))) throw new AppError('INVALID_TOKEN');
}

function decideGrant(request: MintRequest, { canon }: MintFacts, { catalogue }: MintRules): Grant {
  const { scopes, additionalScopes } = request;
  if (scopes !== undefined && additionalScopes !== undefined) {
    throw new AppError('VALIDATION_ERROR', { message: 'scopes, additional_scopes: expected one of the two' });
  }
  const asked = scopes ?? additionalScopes ?? [];
  const unknown = catalogue.unknown(asked);
  if (unknown.length > 0) {
    const field = scopes === undefined ? 'additional_scopes' : 'scopes';
    const message = `${field}: expected scopes of the catalogue, ${catalogue.scopes.join(', ')}`;
    throw new AppError('VALIDATION_ERROR', { message });
  }
  if (scopes !== undefined) return { scopes: [...new Set(scopes)], source: 'explicit', version: null };
  const extras = (additionalScopes ?? []).filter((scope) => !canon.scopes.includes(scope));
  return {
    scopes: [...new Set([...canon.scopes, ...extras])],
    source: extras.length > 0 ? 'canonical+extra' : 'canonical',
    version: canon.version,
  };
}

/** Nobody grants what they do not hold: at most the canonical set and the caller's own effective scopes. */
export function requireHeld(granted: readonly Scope[], minter: Minter, canon: CanonicalSet): void {
  if (!('caller' in minter)) return;
  const beyond = granted.filter(
    (scope) => !canon.scopes.includes(scope) && !minter.caller.scopes.includes(scope),
  );
  if (beyond.length > 0) throw new AppError('SCOPE_ESCALATION', { data: { beyond } });
}

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
