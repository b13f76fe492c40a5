import type Database from 'better-sqlite3';
import { desc, getTableColumns, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { AuditRow, ChainHead, chainHash } from '../src/audit/audit-event.ts';
import { audit } from './schema.ts';
import { requireOrganizationOrNull } from './tenant.ts';

export type ChainHash = typeof chainHash;

/** Appends rows to the chain; to be called inside a `BEGIN IMMEDIATE`, which keeps the head what it is. */
export type AppendToChain = (rows: readonly AuditRow[]) => void;

const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The newest row, whichever process wrote it: a prune never takes it, its own checkpoint comes after. */
export function prepareHead(database: Database.Database): () => ChainHead {
  const newest = drizzle(database)
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .orderBy(desc(audit.seq))
    .limit(1)
    .prepare();
  return () => newest.get() ?? emptyChain;
}

export function prepareAppend(database: Database.Database, hash: ChainHash): AppendToChain {
  const head = prepareHead(database);
  const insert = prepareInsert(database);
  return (rows) => {
    let last = head();
    for (const row of rows) {
      requireOrganizationOrNull(row.organizationId);
      const kept = asKept(row);
      const seq = last.seq + 1;
      last = { seq, hash: hash(last.hash, seq, kept) };
      insert.run({ ...kept, ...last });
    }
  };
}

function prepareInsert(database: Database.Database) {
  const { seq: _seq, hash: _hash, ...columns } = getTableColumns(audit);
  const names = Object.keys(columns);
  const values = Object.fromEntries(names.map((name) => [name, sql.placeholder(name)]));
  // The names are those of the table, which the type of `fromEntries` cannot say.
  const fields = values as Record<keyof typeof columns, ReturnType<typeof sql.placeholder>>;
  return drizzle(database)
    .insert(audit)
    .values({ ...fields, seq: sql.placeholder('seq'), hash: sql.placeholder('hash') })
    .prepare();
}

/**
 * The row as it will be read again. SQLite keeps UTF-8, which has no half of a surrogate pair; hashed as it
 * came, a client's name with one in it would look like a row that somebody changed.
 */
function asKept(row: AuditRow): AuditRow {
  let kept: AuditRow = row;
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'string' && !value.isWellFormed()) kept = { ...kept, [name]: value.toWellFormed() };
  }
  return kept;
}
