import { AppError } from '../../errors.ts';
import type { Principal } from '../../principal.ts';
import type { Scope } from '../../scopes/scopes.ts';
import { isoTimeOrNull } from '../../time.ts';
import { DAY_MS, endOfLifeMs, isLive, type KeyRecord } from '../key-record.ts';
import type { RotateFacts, Rotation } from '../key-store.ts';
import { endOfHeirMs } from './heir.ts';
import type { Minting, MintRules } from './mint.ts';
import { makeKey } from './new-key.ts';
import { requireKeyManager } from './require-actor.ts';
import { requireAsRestricted } from './restrictions.ts';
import { explicitGrant, requireHeld, type ScopeGrant } from './scope-grant.ts';

const HOUR_MS = 3_600_000;

/** How long the old key stays valid beside its replacement. */
export const graces = ['0', '1h', '24h', '7d'] as const;
export type Grace = (typeof graces)[number];

const graceMs: Readonly<Record<Grace, number>> = {
  '0': 0,
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
};

export type RotateRequest = {
  /** 24h by default. The old key's own expiry still applies. */
  readonly grace?: Grace | undefined;
  /** Narrows the replacement to some of the old key's scopes, as explicit scopes. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Accepts that the replacement lacks scopes of the old key. */
  readonly dropScopes?: boolean | undefined;
};

/** The replacement of a key, and the change of the old key. A rotation grants, so the rules of granting apply. */
export function decideRotation(
  request: RotateRequest,
  facts: RotateFacts,
  { principal, nowMs }: Omit<Minting, 'keyspace'>,
  rules: MintRules,
): Rotation & { readonly plaintext: string } {
  requireKeyManager(principal, facts.actor, nowMs);
  requireOwnKey(facts.current, principal);
  requireRotatable(facts, nowMs);
  const { current } = facts;
  const grant = replacementGrant(request, facts);
  requireHeld(grant.scopes, principal, facts.canon);
  requireAsRestricted(current.restrictions, facts.actor?.restrictions ?? null);
  const made = makeKey(
    current.organizationId ?? 'operator',
    {
      ...inherited(current),
      ...grant,
      createdBy: principal.actorName,
      expiresAtMs: successorEndMs(facts, rules.defaultTtlDays, nowMs),
    },
    rules.format,
    nowMs,
  );
  const graceUntilMs = graceEnd(request.grace ?? '24h', current, nowMs);
  return {
    replacement: { ...made, grants: facts.grants, demotes: current.isDefault ? current.id : null },
    change: {
      replacedBy: made.key.id,
      graceUntilMs,
      isDefault: false,
      // No grace is a revocation: a flag, which a clock that is set back cannot undo.
      ...(graceUntilMs <= nowMs && { revokedAtMs: nowMs, revokedBy: principal.actorName }),
    },
    plaintext: made.plaintext,
  };
}

/** The fields that a replacement takes over. */
const inherited = (key: KeyRecord) => ({
  name: key.name,
  scopeType: key.scopeType,
  userId: key.userId,
  owner: key.owner,
  purpose: key.purpose,
  restrictions: key.restrictions,
  isDefault: key.isDefault,
  replaces: key.id,
});

/** Only its owner may rotate a user-bound key: nobody else may get the plaintext. */
function requireOwnKey({ scopeType, userId }: KeyRecord, principal: Principal): void {
  if (scopeType !== 'user') return;
  if (principal.kind !== 'key' || principal.userId !== userId) throw new AppError('FORBIDDEN');
}

function requireRotatable({ current, successor, predecessor }: RotateFacts, nowMs: number): void {
  if (!isLive(current, nowMs)) throw new AppError('KEY_NOT_ROTATABLE');
  if (current.scopeType === 'workspace') {
    throw new AppError('KEY_NOT_ROTATABLE', {
      message: 'Workspace tokens are deprecated and not rotated; mint a key of the organisation.',
    });
  }
  // A rotation is open while the old key is live and its replacement is not revoked.
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

/**
 * The scopes of the replacement.
 *
 * @throws VALIDATION_ERROR, SCOPES_WOULD_DROP
 */
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
    return explicitGrant([...new Set(scopes)]);
  }
  if (current.scopeSource === 'explicit') return explicitGrant(current.scopes);
  const extras = current.scopes.filter((scope) => !formerCanon?.scopes.includes(scope));
  const renewed = [...new Set([...canon.scopes, ...(current.scopeSource === 'canonical' ? [] : extras)])];
  const dropped = current.scopes.filter((scope) => !renewed.includes(scope));
  if (dropped.length > 0 && dropScopes !== true)
    throw new AppError('SCOPES_WOULD_DROP', { data: { dropped } });
  return { scopes: renewed, scopeSource: current.scopeSource, canonicalVersion: canon.version };
}

/**
 * A key that rotates itself gets its full lifetime again. A key that rotates another one gets the plaintext of the
 * replacement, which therefore must not outlive it.
 */
function successorEndMs({ actor, current }: RotateFacts, defaultTtlDays: number, nowMs: number) {
  const renewedMs = renewedExpiry(current, defaultTtlDays, nowMs);
  return actor?.id === current.id ? renewedMs : endOfHeirMs(renewedMs, actor);
}

/** The same lifetime again, at most the default one. A key without an end is replaced by one without an end. */
function renewedExpiry(
  { createdAtMs, expiresAtMs }: KeyRecord,
  defaultTtlDays: number,
  nowMs: number,
): number | null {
  if (expiresAtMs === null) return null;
  return nowMs + Math.min(expiresAtMs - createdAtMs, defaultTtlDays * DAY_MS);
}

/** A second rotation, after the replacement was revoked, does not extend the old key's grace. */
function graceEnd(grace: Grace, { expiresAtMs, graceUntilMs }: KeyRecord, nowMs: number): number {
  const never = Number.POSITIVE_INFINITY;
  return Math.min(nowMs + graceMs[grace], expiresAtMs ?? never, graceUntilMs ?? never);
}
