import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import type { FoundKey } from '../../../src/keys/key-store.ts';
import type { Organization } from '../../../src/organization.ts';
import { assertHash } from '../rows/key-rows.ts';

/** Number of decoded credentials in the cache: some 10 MiB. */
const MOST_KEPT = 10_000;

export type FindKey = {
  /** Call it in every transaction before `find`, with the revision that the transaction sees. */
  begin(revision: number): void;
  find(hash: Buffer): FoundKey | undefined;
};

/**
 * Finds keys on the path of every request. Decoding a row of two dozen columns takes far longer than finding it, so
 * decoded rows are cached until the store's revision says that some credential changed. Every transaction reads the
 * revision first. Misses are never cached.
 */
export function prepareFindKey(auth: Database.Database): FindKey {
  const read = prepareRead(auth);
  const known = new LRUCache<string, FoundKey>({ max: MOST_KEPT });
  let knownRevision = Number.NaN;
  return {
    begin(revision) {
      if (revision === knownRevision) return;
      known.clear();
      knownRevision = revision;
    },
    find(hash) {
      const name = assertHash(hash).toString('latin1');
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const found = read(hash);
      if (found === undefined) return undefined;
      known.set(name, found);
      return found;
    },
  };
}

/** All values as one JSON text: each column that crosses into JavaScript alone costs more than finding the row. */
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

/** Values in the order of `COLUMNS`, with the types of the tables. */
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
  // The index has compared already. This check holds even if a query ever matches only part of the hash.
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
  // Frozen, because all requests of the key share them.
  const lists = Object.values(restrictions ?? {});
  for (const part of [key, scopes, restrictions, ...lists, organization]) Object.freeze(part);
  return Object.freeze({ key, organization });
}

// biome-ignore lint/suspicious/noExplicitAny: a row of the store, as SQLite writes it
function organizationOf([id, name, externalId, status, createdAtMs]: readonly any[]): Organization | null {
  return id === null ? null : { id, name, externalId, status, createdAtMs };
}
