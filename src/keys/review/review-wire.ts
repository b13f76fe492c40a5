import { isoTimeOrNull } from '../../time.ts';
import type { Finding } from './finding.ts';

/** With the operator's command that ends it, which the command line words. */
export type WordedFinding = Finding & { readonly command: string };

/** A finding as the outside sees it; the fields of the key are null where it is about the organisation. */
export function findingToWire({ key, ...finding }: WordedFinding) {
  return {
    finding: finding.kind,
    severity: finding.severity,
    summary: finding.summary,
    key_id: key?.id ?? null,
    prefix: key?.prefix ?? null,
    name: key?.name ?? null,
    owner: key?.owner ?? null,
    age_days: finding.ageDays,
    last_used_at: isoTimeOrNull(key?.lastUsedAtMs ?? null),
    expires_at: isoTimeOrNull(key?.expiresAtMs ?? null),
    scopes_unused: [...(finding.unusedScopes ?? [])],
    scopes_missing: [...(finding.missingScopes ?? [])],
    scopes_extra: [...(finding.extraScopes ?? [])],
    action: finding.advice,
    command: finding.command,
  };
}
