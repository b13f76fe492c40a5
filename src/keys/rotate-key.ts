import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import type { KeyId, OrganizationId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { isoTimeOrNull } from '../time.ts';
import type { KeyRecord, Keyspace } from './key-record.ts';
import type { MintDeps, MintedKey } from './mint-key.ts';
import { decideRotation, type RotateRequest } from './policy/rotate.ts';

/** The replacement with its plaintext, shown once, and the changed old key. */
type RotatedKey = MintedKey & { readonly old: KeyRecord };

/**
 * Rotates a key and writes the audit row in one transaction. Of concurrent rotations exactly one succeeds.
 *
 * @throws INVALID_TOKEN, FORBIDDEN, KEY_NOT_FOUND, KEY_NOT_ROTATABLE, ROTATION_IN_PROGRESS, SCOPES_WOULD_DROP
 * @throws SCOPE_ESCALATION, VALIDATION_ERROR
 */
export async function rotateKey(
  keyspace: Keyspace,
  keyId: KeyId,
  request: RotateRequest,
  principal: Principal,
  auditRow: (change: Readonly<Record<string, unknown>>) => AuditRow,
  { keys, mintRules, now }: MintDeps,
): Promise<RotatedKey> {
  const nowMs = now();
  let plaintext = '';
  let grants: readonly OrganizationId[] = [];
  const rotated = await keys.rotate(
    keyspace,
    keyId,
    principal.key?.id ?? null,
    (facts) => {
      const rotation = decideRotation(request, principal, facts, mintRules, nowMs);
      plaintext = rotation.plaintext;
      ({ grants } = rotation.replacement);
      return rotation;
    },
    (replacement, old) => auditRow(changeOf(replacement, old, grants)),
  );
  if (rotated === undefined) throw new AppError('KEY_NOT_FOUND');
  return { key: rotated.replacement, plaintext, old: rotated.old };
}

function changeOf(replacement: KeyRecord, old: KeyRecord, grants: readonly OrganizationId[]) {
  const dropped = old.scopes.filter((scope) => !replacement.scopes.includes(scope));
  return {
    rotated: old.id,
    replacement: replacement.id,
    prefix: replacement.prefix,
    scopes: replacement.scopes,
    grace_until: isoTimeOrNull(old.graceUntilMs),
    expires_at: isoTimeOrNull(replacement.expiresAtMs),
    ...(old.revokedAtMs !== null && { revoked: old.id }),
    ...(dropped.length > 0 && { dropped }),
    ...(replacement.scopeType === 'host' && { granted: grants }),
  };
}
