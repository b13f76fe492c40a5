import type { AuditRow } from '../audit/audit-event.ts';
import { type OrganizationId, parseUserId } from '../ids.ts';
import { isoTimeOrNull } from '../iso-time.ts';
import type { KeyRecord, Keyspace } from './key-record.ts';
import type { KeyStore } from './key-store.ts';
import { decideMint, type Minter, type MintRequest, type MintRules, ownerAsked } from './mint.ts';

export type MintDeps = { readonly keys: KeyStore; readonly mintRules: MintRules; readonly now: () => number };

/** A key that was just made. Its plaintext exists nowhere else and is shown once. */
export type MintedKey = { readonly key: KeyRecord; readonly plaintext: string };

/** What the audit keeps of a minting: enough to see what was granted, for how long and to whom. */
type MintChange = Readonly<Record<string, unknown>>;

/**
 * Mints in one transaction with its audit row, whoever asks.
 *
 * @throws INVALID_TOKEN, VALIDATION_ERROR, SCOPE_ESCALATION, KEY_LIMIT_REACHED, NOT_FOUND
 */
export async function mintKey(
  keyspace: Keyspace,
  request: MintRequest,
  minter: Minter,
  auditRow: (change: MintChange) => AuditRow,
  { keys, mintRules, now }: MintDeps,
): Promise<MintedKey> {
  const nowMs = now();
  const actor = 'caller' in minter ? minter.caller.key.id : null;
  let plaintext = '';
  let grants: readonly OrganizationId[] = [];
  const key = await keys.mint(
    keyspace,
    actor,
    nowMs,
    (facts) => {
      const made = decideMint(keyspace, request, minter, facts, mintRules, nowMs);
      ({ plaintext, grants } = made);
      return made;
    },
    (minted) => auditRow(changeOf(minted, grants)),
    parseUserId(ownerAsked(request, minter)) ?? null,
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
