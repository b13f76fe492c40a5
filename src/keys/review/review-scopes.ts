import type { Scope } from '../../scopes/scopes.ts';
import { DAY_MS } from '../key-record.ts';
import type { Observation, ReviewFacts } from './finding.ts';
import { revoking, rotating } from './remedy.ts';
import { days, forKeys, isQuiet } from './review-terms.ts';

export const scopesUnused = forKeys(['active'], (key, facts) => {
  const { unusedDays, nowMs, usedScopes } = facts;
  // Too young to tell; or not used at all, which is a finding of its own; or part of the audit is gone.
  if (nowMs - key.createdAtMs < unusedDays * DAY_MS || isQuiet(key, facts)) return undefined;
  if (!isEvidenceWhole(facts)) return undefined;
  const used = key.scopes.filter((scope) => usedScopes.get(key.id)?.has(scope));
  const unusedScopes = key.scopes.filter((scope) => !used.includes(scope));
  if (unusedScopes.length === 0) return undefined;
  const none = used.length === 0;
  return {
    kind: 'scopes_unused',
    severity: 'medium',
    summary: `${unusedScopes.length} of ${key.scopes.length} scopes unused`,
    advice: none
      ? `Revoke it: it used none of its scopes in ${days(unusedDays)}.`
      : `Rotate it down to what it used in ${days(unusedDays)}, without ${unusedScopes.join(', ')}.`,
    ...(none ? revoking(key) : rotating(key, { scopes: used })),
    unusedScopes,
  };
});

export const canonicalDrift = forKeys(['active', 'stale'], (key, { canon }) => {
  if (key.scopeSource === 'explicit') return undefined;
  const missingScopes = canon.scopes.filter((scope) => !key.scopes.includes(scope));
  // Of a key with extras it is not known here which of its scopes are the extras.
  const extraScopes =
    key.scopeSource === 'canonical' ? key.scopes.filter((scope) => !canon.scopes.includes(scope)) : [];
  if (missingScopes.length + extraScopes.length === 0) return undefined;
  const drops = extraScopes.length > 0;
  return {
    kind: 'canonical_drift',
    severity: drops ? 'medium' : 'low',
    summary: `canon ${canon.version}: ${[missing(missingScopes), extra(extraScopes)].filter(Boolean).join(', ')}`,
    advice: drops
      ? `Rotate it to the canonical set of now, which lets go of ${extraScopes.join(', ')}.`
      : 'Rotate it, so that its replacement carries the canonical set of now.',
    ...rotating(key, drops ? { dropScopes: true } : {}),
    missingScopes,
    extraScopes,
  };
});

/** Scopes must not be called unused because somebody pruned the rows that show their use. */
export function evidenceTooShort(facts: ReviewFacts): Observation | undefined {
  if (isEvidenceWhole(facts)) return undefined;
  const covered = Math.max(1, Math.floor((facts.nowMs - facts.evidenceSinceMs) / DAY_MS));
  return {
    kind: 'evidence_too_short',
    severity: 'low',
    summary: `the audit tells ${days(covered)} only`,
    advice: `Review unused scopes over the ${days(covered)} that the audit still tells.`,
    action: 'review_keys',
    arguments: { keyspace: facts.keyspace, unusedDays: covered },
  };
}

const isEvidenceWhole = ({ evidenceSinceMs, nowMs, unusedDays }: ReviewFacts): boolean =>
  evidenceSinceMs <= nowMs - unusedDays * DAY_MS;

const missing = (scopes: readonly Scope[]): string => (scopes.length === 0 ? '' : `${scopes.length} missing`);
const extra = (scopes: readonly Scope[]): string => (scopes.length === 0 ? '' : `${scopes.length} extra`);
