import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import { isoTimeOrNull } from '../iso-time.ts';
import type { CanonicalSet, Scope } from '../scopes/scopes.ts';
import { endOfLifeMs, isLive, type KeyRecord } from './key-record.ts';
import type { ActingKey, KeyChange, NewKey } from './key-store.ts';
import { type Minter, type MintRules, nameOf, requireLiveActor } from './mint.ts';
import { makeKey } from './new-key.ts';
import { requireAsRestricted } from './restrictions.ts';
import { requireHeld, type ScopeGrant } from './scope-grant.ts';

const HOUR_MS = 3_600_000;

/** How long the old key stays valid beside its replacement. */
export const graces = ['0', '1h', '24h', '7d'] as const;
export type Grace = (typeof graces)[number];

const graceMs: Readonly<Record<Grace, number>> = {
  '0': 0,
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
};

export type RotateRequest = {
  /** 24h when left out; never past the old key's own expiry. */
  readonly grace?: Grace | undefined;
  /** Narrows on purpose: some of the old key's scopes. The replacement is then explicit. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Lets go of scopes that the replacement would not have. */
  readonly dropScopes?: boolean | undefined;
};

/** Rows read inside the rotating transaction. */
export type RotateFacts = {
  /** The key that asks, as it is now; null when the operator asks. */
  readonly actor: ActingKey | null;
  readonly current: KeyRecord;
  /** What replaced it before, and what it replaced, where there is such a key. */
  readonly successor: KeyRecord | null;
  readonly predecessor: KeyRecord | null;
  readonly canon: CanonicalSet;
  /** The organisations that a host key may act for; its replacement may act for the same. */
  readonly grants: readonly OrganizationId[];
  /** The canonical set that the key was made with; null for an explicit key. */
  readonly formerCanon: CanonicalSet | null;
};

export type Rotation = { readonly replacement: NewKey; readonly change: KeyChange };

/** The replacement of a key, and what becomes of the old one. Rotating is granting: the same rule holds. */
export function decideRotation(
  request: RotateRequest,
  minter: Minter,
  facts: RotateFacts,
  rules: MintRules,
  nowMs: number,
): Rotation & { readonly plaintext: string } {
  requireLiveActor(minter, facts.actor, nowMs);
  requireOwnKey(facts.current, minter);
  requireRotatable(facts, nowMs);
  const { current } = facts;
  const grant = replacementGrant(request, facts);
  requireHeld(grant.scopes, minter, facts.canon);
  requireAsRestricted(current.restrictions, facts.actor?.restrictions ?? null);
  const made = makeKey(
    current.organizationId ?? 'operator',
    {
      ...grant,
      name: current.name,
      scopeType: current.scopeType,
      userId: current.userId,
      owner: current.owner,
      purpose: current.purpose,
      restrictions: current.restrictions,
      isDefault: current.isDefault,
      replaces: current.id,
      createdBy: nameOf(minter),
      expiresAtMs: renewedExpiry(current, rules.defaultTtlDays, nowMs),
    },
    rules.format,
    nowMs,
  );
  const graceUntilMs = graceEnd(request.grace ?? '24h', current, nowMs);
  return {
    replacement: { ...made, grants: facts.grants, demotes: current.isDefault ? current.id : null },
    change: { replacedBy: made.key.id, graceUntilMs, isDefault: false },
    plaintext: made.plaintext,
  };
}

/** A personal key is replaced by its owner alone: nobody else may come to hold its plaintext. */
function requireOwnKey({ scopeType, userId }: KeyRecord, minter: Minter): void {
  if (scopeType !== 'user') return;
  if (!('caller' in minter) || minter.caller.userId !== userId) throw new AppError('FORBIDDEN');
}

function requireRotatable({ current, successor, predecessor }: RotateFacts, nowMs: number): void {
  if (!isLive(current, nowMs)) throw new AppError('KEY_NOT_ROTATABLE');
  if (current.scopeType === 'workspace') {
    throw new AppError('KEY_NOT_ROTATABLE', {
      message: 'Workspace tokens are deprecated and not rotated; mint a key of the organisation.',
    });
  }
  // A rotation is open while the old key lives on beside a replacement that was not revoked.
  const isOpen = current.graceUntilMs !== null && successor !== null && successor.revokedAtMs === null;
  const isOfOpenOne =
    predecessor !== null && predecessor.replacedBy === current.id && isLive(predecessor, nowMs);
  if (!isOpen && !isOfOpenOne) return;
  const until = isoTimeOrNull(isOpen ? endOfLifeMs(current) : predecessor && endOfLifeMs(predecessor));
  throw new AppError('ROTATION_IN_PROGRESS', {
    message: `A rotation of the key is under way until ${until}; revoking the old key ends it.`,
    data: { grace_until: until },
  });
}

/** @throws VALIDATION_ERROR, SCOPES_WOULD_DROP */
function replacementGrant(
  { scopes, dropScopes }: RotateRequest,
  { current, canon, formerCanon }: RotateFacts,
): ScopeGrant {
  if (scopes !== undefined) {
    const beyond = scopes.filter((scope) => !current.scopes.includes(scope));
    if (beyond.length > 0) {
      throw new AppError('VALIDATION_ERROR', {
        message: `scopes: expected some of ${current.scopes.join(', ')}`,
      });
    }
    return { scopes: [...new Set(scopes)], scopeSource: 'explicit', canonicalVersion: null };
  }
  if (current.scopeSource === 'explicit') {
    return { scopes: current.scopes, scopeSource: 'explicit', canonicalVersion: null };
  }
  const extras = current.scopes.filter((scope) => !formerCanon?.scopes.includes(scope));
  const renewed = [...new Set([...canon.scopes, ...(current.scopeSource === 'canonical' ? [] : extras)])];
  const dropped = current.scopes.filter((scope) => !renewed.includes(scope));
  if (dropped.length > 0 && dropScopes !== true)
    throw new AppError('SCOPES_WOULD_DROP', { data: { dropped } });
  return { scopes: renewed, scopeSource: current.scopeSource, canonicalVersion: canon.version };
}

/** The same lifetime anew, at most the default one; a key that never expires is replaced by one that does not. */
function renewedExpiry(
  { createdAtMs, expiresAtMs }: KeyRecord,
  defaultTtlDays: number,
  nowMs: number,
): number | null {
  if (expiresAtMs === null) return null;
  return nowMs + Math.min(expiresAtMs - createdAtMs, defaultTtlDays * 24 * HOUR_MS);
}

/** Rotated again after its replacement was revoked, the old key does not live longer than it was to. */
function graceEnd(grace: Grace, { expiresAtMs, graceUntilMs }: KeyRecord, nowMs: number): number {
  const never = Number.POSITIVE_INFINITY;
  return Math.min(nowMs + graceMs[grace], expiresAtMs ?? never, graceUntilMs ?? never);
}
