import { timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { KnownKey } from '../src/keys/key-record.ts';
import type { FoundKey } from '../src/keys/key-store.ts';
import type { Organization } from '../src/organization.ts';
import { getTableColumns } from './drizzle.ts';
import { keyColumns, requireHash } from './key-rows.ts';
import { organizations } from './schema.ts';

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

const { lastUsedAtMs: _1, lastClient: _2, purpose: _3, scopeSource: _4, isDefault: _5, ...more } = keyColumns;
const { createdAtMs: _6, revokedBy: _7, replacedBy: _8, replaces: _9, ...knownColumns } = more;
const organizationColumns = getTableColumns(organizations);

/** The row as one text: each column that crosses into JavaScript by itself costs more than finding the row. */
const FOUND = `json_array(hex(k.hash), ${valuesOf('k', knownColumns)}, ${valuesOf('o', organizationColumns)})`;

type Columns = Readonly<Record<string, SQLiteColumn>>;

function valuesOf(table: string, columns: Columns): string {
  const values = Object.values(columns).map(({ name, dataType }) =>
    dataType === 'json' ? `json(${table}.${name})` : `${table}.${name}`,
  );
  return `CASE WHEN ${table}.id IS NULL THEN NULL ELSE json_array(${values.join(', ')}) END`;
}

/** The values under the names of their columns, whose types are those of the record. */
function recordOf<Fields>(columns: Columns, values: readonly unknown[]): Fields {
  const record: Record<string, unknown> = {};
  let place = 0;
  for (const field in columns) record[field] = values[place++];
  return record as Fields;
}

type Row = readonly [hash: string, key: readonly unknown[], organization: readonly unknown[] | null];

function prepareRead(auth: Database.Database): (hash: Buffer) => FoundKey | undefined {
  const byHash = auth
    .prepare<[Buffer], string>(
      `SELECT ${FOUND} FROM keys k LEFT JOIN organizations o ON o.id = k.organization_id WHERE k.hash = ?`,
    )
    .pluck();
  return (hash) => {
    const text = byHash.get(hash);
    if (text === undefined) return undefined;
    const [found, ofKey, ofOrganization] = JSON.parse(text) as Row; // As `FOUND` makes it.
    // The index has compared already; this holds even if a query should ever find by less than the whole.
    if (!timingSafeEqual(Buffer.from(found, 'hex'), hash)) return undefined;
    const key = recordOf<KnownKey>(knownColumns, ofKey);
    const organization = ofOrganization && recordOf<Organization>(organizationColumns, ofOrganization);
    const lists = Object.values(key.restrictions ?? {});
    // Shared by every request of the key.
    for (const part of [key, key.scopes, key.restrictions, ...lists, organization]) Object.freeze(part);
    return Object.freeze({ key, organization });
  };
}
