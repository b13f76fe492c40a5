import type { AuditRow } from '../audit/audit-event.ts';
import { type OrganizationId, parseUserId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { isoTimeOrNull } from '../time.ts';
import type { KeyRecord, Keyspace } from './key-record.ts';
import type { KeyStore } from './key-store.ts';
import { decideMint, type MintRules, ownerAsked } from './policy/mint.ts';
import type { MintRequest } from './policy/mint-request.ts';

export type MintDeps = { readonly keys: KeyStore; readonly mintRules: MintRules; readonly now: () => number };

/** A new key. Its plaintext is stored nowhere and shown once. */
export type MintedKey = { readonly key: KeyRecord; readonly plaintext: string };

/** The audit's record of a minting: what was granted, for how long and to whom. */
type MintChange = Readonly<Record<string, unknown>>;

/** Who asks for a key, and the audit row of its making. */
export type MintAccess = {
  readonly principal: Principal;
  readonly auditRow: (change: MintChange) => AuditRow;
};

/**
 * Mints a key and writes its audit row in one transaction.
 *
 * @throws INVALID_TOKEN, FORBIDDEN, SCOPE_REQUIRED, HOST_KEY_OPERATOR_ONLY, GLOBAL_KEY_ADMIN_ONLY, INVALID_USER
 * @throws VALIDATION_ERROR, SCOPE_ESCALATION, KEY_LIMIT_REACHED, NOT_FOUND
 */
export async function mintKey(
  keyspace: Keyspace,
  request: MintRequest,
  { principal, auditRow }: MintAccess,
  { keys, mintRules, now }: MintDeps,
): Promise<MintedKey> {
  const nowMs = now();
  const actor = principal.key?.id ?? null;
  const userId = parseUserId(ownerAsked(request, principal)) ?? null;
  let plaintext = '';
  let grants: readonly OrganizationId[] = [];
  const key = await keys.mint(
    keyspace,
    { actor, userId, nowMs },
    (facts) => {
      const made = decideMint(request, facts, { keyspace, principal, nowMs }, mintRules);
      ({ plaintext, grants } = made);
      return made;
    },
    (minted) => auditRow(changeOf(minted, grants)),
  );
  return { key, plaintext };
}

function changeOf(key: KeyRecord, grants: readonly OrganizationId[]): MintChange {
  return {
    minted: key.id,
    prefix: key.prefix,
    name: key.name,
    scopes: key.scopes,
    owner: key.owner,
    ...(key.userId !== null && { user_id: key.userId }),
    ...(key.scopeType === 'host' && { granted: grants }),
    expires_at: isoTimeOrNull(key.expiresAtMs),
    ...(key.restrictions === null ? {} : { restrictions: key.restrictions }),
  };
}
