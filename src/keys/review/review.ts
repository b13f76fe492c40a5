import { DAY_MS } from '../key-record.ts';
import { type Finding, findingKinds, type ReviewFacts, severities } from './finding.ts';
import { defaultKeyMissing, keyRules } from './review-rules.ts';
import { evidenceTooShort } from './review-scopes.ts';

/** Everything worth a person's attention, the worst first; the same facts make the same list. */
export function reviewKeys(facts: ReviewFacts): readonly Finding[] {
  const ofOrganization = [defaultKeyMissing(facts), evidenceTooShort(facts)]
    .filter((found) => found !== undefined)
    .map((found): Finding => ({ ...found, key: null, ageDays: null }));
  const ofKeys = facts.keys.flatMap((key) =>
    keyRules
      .map((rule) => rule(key, facts))
      .filter((found) => found !== undefined)
      .map((found): Finding => ({ ...found, key, ageDays: wholeDays(facts.nowMs - key.createdAtMs) })),
  );
  return [...ofOrganization, ...ofKeys].sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind),
  );
}

const wholeDays = (ms: number): number => Math.max(0, Math.floor(ms / DAY_MS));
