import type { KeyRecord, KeyStatus } from '../keys/key-record.ts';
import { isoTime, isoTimeOrNull } from './print.ts';

export type KeyWithStatus = KeyRecord & { readonly status: KeyStatus };

/** A key as callers of the key tools see it: everything but the secret. */
export function keyJson(key: KeyWithStatus) {
  return {
    id: key.id,
    organization_id: key.organizationId,
    name: key.name,
    prefix: key.prefix,
    scope_type: key.scopeType,
    user_id: key.userId,
    scopes: key.scopes,
    scope_source: key.scopeSource,
    canonical_version: key.canonicalVersion,
    restrictions: key.restrictions,
    is_default: key.isDefault,
    owner: key.owner,
    purpose: key.purpose,
    created_by: key.createdBy,
    created_at: isoTime(key.createdAtMs),
    expires_at: isoTimeOrNull(key.expiresAtMs),
    last_used_at: isoTimeOrNull(key.lastUsedAtMs),
    status: key.status,
    revoked_at: isoTimeOrNull(key.revokedAtMs),
    revoked_by: key.revokedBy,
    replaced_by: key.replacedBy,
    replaces: key.replaces,
    grace_until: isoTimeOrNull(key.graceUntilMs),
  };
}

const columns = ['PREFIX', 'NAME', 'SCOPES', 'STATUS', 'OWNER', 'EXPIRES', 'LAST USED', 'KEY ID'] as const;

export const keyTableHeader: readonly string[] = columns;

export const keyTableRow = (key: KeyWithStatus): readonly string[] => [
  key.prefix,
  key.isDefault ? `${key.name} (default)` : key.name,
  key.scopes.join(',') || '(none)',
  key.status,
  key.owner,
  isoTimeOrNull(key.expiresAtMs) ?? 'never',
  isoTimeOrNull(key.lastUsedAtMs) ?? 'never',
  key.id,
];
