import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { FoundKey } from '../src/keys/key-store.ts';
import type { Organization } from '../src/organization.ts';
import { requireHash } from './key-rows.ts';

/** Credentials whose rows are kept decoded: some 10 MiB. */
const MOST_KEPT = 10_000;

export type FindKey = {
  /** To be called in every transaction before `find`, with the store's revision as that transaction sees it. */
  begin(revision: number): void;
  find(hash: Buffer): FoundKey | undefined;
};

/**
 * On the path of every request. A row of two dozen columns takes far longer to decode than to find, so it is kept
 * decoded for as long as the store's revision, which each transaction reads first, says that no credential changed.
 * What is not in the store is never kept.
 */
export function prepareFindKey(auth: Database.Database): FindKey {
  const read = prepareRead(auth);
  let known = new Map<string, FoundKey>();
  let knownRevision = Number.NaN;
  return {
    begin(revision) {
      if (revision === knownRevision) return;
      known = new Map();
      knownRevision = revision;
    },
    find(hash) {
      const name = requireHash(hash).toString('latin1');
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const found = read(hash);
      if (found === undefined) return undefined;
      if (known.size >= MOST_KEPT) known = new Map();
      known.set(name, found);
      return found;
    },
  };
}

/** All values as one text: each column that crosses into JavaScript by itself costs more than finding the row. */
const COLUMNS = `json_array(hex(k.hash), k.id, k.organization_id, k.name, k.prefix, k.scope_type, k.user_id,
  json(k.scopes), k.canonical_version, json(k.restrictions), k.owner, k.created_by, k.expires_at, k.revoked_at,
  k.grace_until, k.held_at, k.removed_at, o.id, o.name, o.external_id, o.status, o.created_at)`;

function prepareRead(auth: Database.Database): (hash: Buffer) => FoundKey | undefined {
  const byHash = auth
    .prepare<[Buffer], string>(
      `SELECT ${COLUMNS} FROM keys k LEFT JOIN organizations o ON o.id = k.organization_id WHERE k.hash = ?`,
    )
    .pluck();
  return (hash) => {
    const text = byHash.get(hash);
    return text === undefined ? undefined : decode(JSON.parse(text), hash);
  };
}

/** The values in the order of `COLUMNS`, whose types are those of the tables. */
// biome-ignore lint/suspicious/noExplicitAny: a row of the store, as SQLite writes it
function decode(values: readonly any[], hash: Buffer): FoundKey | undefined {
  const [found, id, organizationId, name, prefix, scopeType, userId, scopes, canonicalVersion, ...more] =
    values;
  const [
    restrictions,
    owner,
    createdBy,
    expiresAtMs,
    revokedAtMs,
    graceUntilMs,
    heldAtMs,
    removedAtMs,
    ...of
  ] = more;
  // The index has compared already; this holds even if a query should ever find by less than the whole.
  if (!timingSafeEqual(Buffer.from(found, 'hex'), hash)) return undefined;
  const key = {
    id,
    organizationId,
    name,
    prefix,
    scopeType,
    userId,
    scopes,
    canonicalVersion,
    restrictions,
    owner,
    createdBy,
    expiresAtMs,
    revokedAtMs,
    graceUntilMs,
    heldAtMs,
    removedAtMs,
  };
  const organization = organizationOf(of);
  // Shared by every request of the key.
  const lists = Object.values(restrictions ?? {});
  for (const part of [key, scopes, restrictions, ...lists, organization]) Object.freeze(part);
  return Object.freeze({ key, organization });
}

// biome-ignore lint/suspicious/noExplicitAny: a row of the store, as SQLite writes it
function organizationOf([id, name, externalId, status, createdAtMs]: readonly any[]): Organization | null {
  return id === null ? null : { id, name, externalId, status, createdAtMs };
}
