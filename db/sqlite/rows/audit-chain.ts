import type Database from 'better-sqlite3';
import type { AuditChain, AuditRow, ChainHead } from '../src/audit/audit-event.ts';
import { getTableColumns } from './drizzle.ts';
import { audit } from './schema.ts';
import { requireOrganizationOrNull } from './tenant.ts';

/** Appends rows to the chain; to be called inside a `BEGIN IMMEDIATE`, which keeps the head what it is. */
export type AppendToChain = (rows: readonly AuditRow[]) => void;

const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The newest row, whichever process wrote it: a prune never takes it, its own checkpoint comes after. */
export function prepareHead(database: Database.Database): () => ChainHead {
  const newest = database.prepare<[], ChainHead>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  return () => newest.get() ?? emptyChain;
}

export function prepareAppend(database: Database.Database, chain: AuditChain): AppendToChain {
  const head = prepareHead(database);
  const insert = prepareInsert(database);
  return (rows) => {
    let last = head();
    for (const row of rows) {
      requireOrganizationOrNull(row.organizationId);
      const values = chain.values(row).map(asKept);
      const seq = last.seq + 1;
      last = { seq, hash: chain.hash(last.hash, seq, values) };
      insert.run([...values, seq, last.hash]);
    }
  };
}

/** On the path of every request, hence without a query builder: the values in the order of the columns. */
function prepareInsert(database: Database.Database): Database.Statement<unknown[]> {
  const { seq, hash, ...columns } = getTableColumns(audit);
  const names = [...Object.values(columns), seq, hash].map(({ name }) => name);
  return database.prepare(
    `INSERT INTO audit (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  );
}

/**
 * A value as it will be read again. SQLite keeps UTF-8, which has no half of a surrogate pair; hashed as it
 * came, a client's name with one in it would look like a row that somebody changed.
 */
const asKept = <Value>(value: Value): Value | string =>
  typeof value === 'string' && !value.isWellFormed() ? value.toWellFormed() : value;
