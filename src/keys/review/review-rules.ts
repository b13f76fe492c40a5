import { DAY_MS, endOfLifeMs, isEndingSoon, isHeld } from '../key-record.ts';
import { needsDefaultKey } from '../policy/mint.ts';
import type { Observation, ReviewFacts } from './finding.ts';
import { confirming, revoking, rotating, updating } from './remedy.ts';
import { canonicalDrift, scopesUnused } from './review-scopes.ts';
import { days, forKeys, isQuiet, quietness, type Rule } from './review-terms.ts';

const held = forKeys(['revoked'], (key) => {
  if (!isHeld(key)) return undefined;
  return {
    kind: 'held',
    severity: 'high',
    summary: 'held since a restore',
    advice: 'Something was taken from it after the backup: confirm it once it is right, or revoke it.',
    ...confirming(key),
  };
});

const stale = forKeys(['stale'], (key, facts) => ({
  kind: 'stale',
  severity: 'high',
  summary: quietness(key, facts),
  advice: 'Revoke it: nobody has needed it for so long that only somebody who found it would.',
  ...revoking(key),
}));

const unused = forKeys(['active'], (key, facts) => {
  if (!isQuiet(key, facts)) return undefined;
  return {
    kind: 'unused',
    severity: 'medium',
    summary: quietness(key, facts),
    advice: 'Revoke it, unless its owner says what it waits for.',
    ...revoking(key),
  };
});

const expired = forKeys(['expired'], (key) => ({
  kind: 'expired',
  severity: 'low',
  summary: 'expired, still listed',
  advice: 'Revoke it, so that it ends for good.',
  ...revoking(key),
}));

const expiresSoon = forKeys(['active'], (key, facts) => {
  const endMs = endOfLifeMs(key);
  if (!isEndingSoon(endMs, facts.nowMs)) return undefined;
  // Of a life that is short on purpose the last half; else its renewal would be found again at once.
  if (endMs - facts.nowMs > (endMs - key.createdAtMs) / 2) return undefined;
  const inUse = key.lastUsedAtMs !== null && !isQuiet(key, facts);
  return {
    kind: 'expires_soon',
    // Somebody's calls will start to fail; a key that nobody uses may simply end.
    severity: inUse ? 'high' : 'low',
    summary: `expires in ${days((endMs - facts.nowMs) / DAY_MS)}`,
    advice: inUse
      ? 'Rotate it, and hand its replacement to the client that uses it.'
      : 'Let it expire, or rotate it if it is still needed.',
    ...rotating(key),
  };
});

const neverExpires = forKeys(['active', 'stale'], (key, { defaultTtlDays }) => {
  // A default key does not expire; it is reviewed.
  if (key.expiresAtMs !== null || key.isDefault) return undefined;
  return {
    kind: 'never_expires',
    severity: 'medium',
    summary: 'never expires',
    advice: `Give it an end in ${days(defaultTtlDays)}; a rotation before that renews it.`,
    ...updating(key, { expiresInDays: defaultTtlDays }),
  };
});

const ownerUnknown = forKeys(['active', 'stale'], (key) => {
  if (key.scopeType === 'user' || key.owner !== 'operator') return undefined;
  return {
    kind: 'owner_unknown',
    severity: 'medium',
    summary: 'nobody named as owner',
    advice: 'Name the person or team that answers for it.',
    ...updating(key, { missing: 'owner' }),
  };
});

const noPurpose = forKeys(['active', 'stale'], (key) => {
  // What a default key is for is known.
  if (key.scopeType === 'user' || key.purpose !== null || key.isDefault) return undefined;
  return {
    kind: 'no_purpose',
    severity: 'low',
    summary: 'no purpose given',
    advice: 'Write down what it is for.',
    ...updating(key, { missing: 'purpose' }),
  };
});

export const keyRules: readonly Rule[] = [
  held,
  stale,
  unused,
  expired,
  expiresSoon,
  neverExpires,
  scopesUnused,
  ownerUnknown,
  noPurpose,
  canonicalDrift,
];

export function defaultKeyMissing(facts: ReviewFacts): Observation | undefined {
  const defaultKey = facts.keys.find(({ isDefault }) => isDefault) ?? null;
  if (!facts.isActive || !needsDefaultKey(defaultKey, facts, facts.nowMs)) return undefined;
  return {
    kind: 'default_key_missing',
    severity: 'high',
    summary: defaultKey === null ? 'no default key' : `the default key is ${defaultKey.status}`,
    advice: 'Give the organisation a default key with the canonical set of now.',
    action: 'reconcile_keys',
    arguments: {},
  };
}
