import { isoTime, isoTimeOrNull } from '../time.ts';
import type { KeyRecord, KeyStatus, Restrictions } from './key-record.ts';

/** A key with its current status. */
export type KeyView = KeyRecord & { readonly status: KeyStatus };

/** Accompanies every plaintext, which cannot be shown again. */
export const keepItWarning = 'Keep this key now: it is shown once and cannot be shown again.';

export const keepThemWarning = 'Keep these keys now: they are shown once and cannot be shown again.';

/** A key on the wire, without its secret. */
export function keyToWire(key: KeyView) {
  return {
    id: key.id,
    organization_id: key.organizationId,
    name: key.name,
    prefix: key.prefix,
    scope_type: key.scopeType,
    user_id: key.userId,
    scopes: [...key.scopes],
    scope_source: key.scopeSource,
    canonical_version: key.canonicalVersion,
    restrictions: key.restrictions === null ? null : restrictionsToWire(key.restrictions),
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

/** A minted key on the wire, with its plaintext. */
export const mintedToWire = ({ key, plaintext }: { readonly key: KeyView; readonly plaintext: string }) => ({
  key: keyToWire(key),
  auth_token: plaintext,
  warning: keepItWarning,
});

type Rotated = Parameters<typeof mintedToWire>[0] & { readonly old: KeyView };

/** A rotation on the wire, with what is needed to retire the old key. */
export const rotatedToWire = ({ old, ...minted }: Rotated) => ({
  ...mintedToWire(minted),
  replaced: {
    key_id: old.id,
    prefix: old.prefix,
    grace_until: isoTimeOrNull(old.graceUntilMs),
    last_used_at: isoTimeOrNull(old.lastUsedAtMs),
    last_client: old.lastClient,
  },
});

function restrictionsToWire({ tools, workspace_ids, addresses }: Restrictions) {
  return {
    ...(tools && { tools: [...tools] }),
    ...(workspace_ids && { workspace_ids: [...workspace_ids] }),
    ...(addresses && { addresses: [...addresses] }),
  };
}
