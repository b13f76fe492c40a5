import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import type { KeyId, OrganizationId } from '../ids.ts';
import { isoTimeOrNull } from '../iso-time.ts';
import type { KeyRecord, Keyspace } from './key-record.ts';
import type { Minter } from './mint.ts';
import type { MintDeps, MintedKey } from './mint-key.ts';
import { decideRotation, type RotateRequest } from './rotate.ts';

/** The replacement with its plaintext, shown once, and the old key as it is now. */
export type RotatedKey = MintedKey & { readonly old: KeyRecord };

/**
 * Rotates in one transaction with its audit row, whoever asks. Of many at once one succeeds.
 *
 * @throws INVALID_TOKEN, KEY_NOT_FOUND, KEY_NOT_ROTATABLE, ROTATION_IN_PROGRESS, SCOPES_WOULD_DROP,
 * SCOPE_ESCALATION, VALIDATION_ERROR
 */
export async function rotateKey(
  keyspace: Keyspace,
  keyId: KeyId,
  request: RotateRequest,
  minter: Minter,
  auditRow: (change: Readonly<Record<string, unknown>>) => AuditRow,
  { keys, mintRules, now }: MintDeps,
): Promise<RotatedKey> {
  const nowMs = now();
  let plaintext = '';
  let grants: readonly OrganizationId[] = [];
  const rotated = await keys.rotate(
    keyspace,
    keyId,
    'caller' in minter ? minter.caller.key.id : null,
    (facts) => {
      const rotation = decideRotation(request, minter, facts, mintRules, nowMs);
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
    ...(dropped.length > 0 && { dropped }),
    ...(replacement.scopeType === 'host' && { granted: grants }),
  };
}
