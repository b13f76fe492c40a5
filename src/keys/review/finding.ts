import type { KeyId } from '../../ids.ts';
import type { CanonicalSet, Scope } from '../../scopes/scopes.ts';
import type { Keyspace } from '../key-record.ts';
import type { KeyView } from '../key-wire.ts';
import type { Remedy } from './remedy.ts';

/** The worst first. */
export const severities = ['high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** What can be found, in the order in which it is told among findings of one severity. */
export const findingKinds = [
  'default_key_missing',
  'held',
  'stale',
  'expires_soon',
  'unused',
  'never_expires',
  'scopes_unused',
  'owner_unknown',
  'canonical_drift',
  'no_purpose',
  'expired',
  'evidence_too_short',
] as const;
type FindingKind = (typeof findingKinds)[number];

/** What one rule says of a key, or of the organisation. */
export type Observation = Remedy & {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** A few words for a table. */
  readonly summary: string;
  /** One sentence: what to do. */
  readonly advice: string;
  readonly unusedScopes?: readonly Scope[];
  /** Of the canonical set of now, what the key lacks and what it has beyond it. */
  readonly missingScopes?: readonly Scope[];
  readonly extraScopes?: readonly Scope[];
};

/** `key` is null where the finding is about the organisation. */
export type Finding = Observation & { readonly key: KeyView | null; readonly ageDays: number | null };

/** All that a review judges by; nothing else is read. */
export type ReviewFacts = {
  readonly keyspace: Keyspace;
  /** An organisation that is not active gets no key, so it lacks none. */
  readonly isActive: boolean;
  readonly keys: readonly KeyView[];
  readonly canon: CanonicalSet;
  /** The scopes that each key exercised, by a successful call, within the days asked about. */
  readonly usedScopes: ReadonlyMap<KeyId, ReadonlySet<Scope>>;
  /** From when on the audit tells every call (milliseconds since 1970); older rows may have been pruned. */
  readonly evidenceSinceMs: number;
  readonly unusedDays: number;
  readonly staleAfterDays: number;
  /** The life that a key gets by default; suggested where a key has no end. */
  readonly defaultTtlDays: number;
  readonly nowMs: number;
};
