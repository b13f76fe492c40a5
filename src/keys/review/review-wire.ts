import { isoTimeOrNull } from '../iso-time.ts';
import type { Finding } from './review.ts';

/** A finding as the outside sees it; the fields of the key are null where it is about the organisation. */
export function findingToWire({ key, ...finding }: Finding) {
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
    action: finding.action,
    command: finding.command,
  };
}
