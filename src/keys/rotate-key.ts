import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import { isoTimeOrNull } from '../time.ts';
import type { KeyRecord } from './key-record.ts';
import type { KeyAddress } from './key-store.ts';
import type { MintAccess, MintDeps, MintedKey } from './mint-key.ts';
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
  address: KeyAddress,
  request: RotateRequest,
  { principal, auditRow }: MintAccess,
  { keys, mintRules, now }: MintDeps,
): Promise<RotatedKey> {
  const nowMs = now();
  let plaintext = '';
  let grants: readonly OrganizationId[] = [];
  const rotated = await keys.rotate(
    address,
    principal.key?.id ?? null,
    (facts) => {
      const rotation = decideRotation(request, facts, { principal, nowMs }, mintRules);
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
