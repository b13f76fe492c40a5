import type Database from 'better-sqlite3';
import type { AuditRow, ChainHead, ChainLink, ChainPoint } from '../../../src/audit/audit-event.ts';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import { and, drizzle, eq, getTableColumns } from '../connection/drizzle.ts';
import { assertOrganizationOrNull } from '../connection/tenant.ts';
import { audit } from '../schema/schema.ts';

/** Appends rows to the chain. Call it inside a `BEGIN IMMEDIATE`, so that the head cannot change. */
export type AppendToChain = (rows: readonly AuditRow[]) => void;

/** This store has one chain. */
const CHAIN = 'main';

const emptyChain: ChainLink = { seq: 0, hash: '0'.repeat(64) };

/** The newest row, of any process. A prune never removes it, because its checkpoint follows. */
export function prepareHead(database: Database.Database): () => ChainLink {
  const newest = database.prepare<[], ChainLink>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  return () => newest.get() ?? emptyChain;
}

/** Whether the chain has this row. */
export function isInChain(database: Database.Database, { seq, hash }: ChainLink): boolean {
  const isRow = and(eq(audit.seq, seq), eq(audit.hash, hash));
  return drizzle(database).select({ seq: audit.seq }).from(audit).where(isRow).get() !== undefined;
}

/** The end of a chain as the ports name it. */
export const headOf = ({ seq, hash }: ChainLink): ChainHead => ({ chain: CHAIN, seq, hash });

/** @throws for a chain that this store does not have */
export function seqOf({ chain, seq }: ChainPoint): number {
  if (chain !== CHAIN) throw new Error(`there is no chain ${chain}`);
  return seq;
}

export function prepareAppend(database: Database.Database, chain: AuditChain): AppendToChain {
  const head = prepareHead(database);
  const insert = prepareInsert(database);
  return (rows) => {
    let last = head();
    for (const row of rows) {
      assertOrganizationOrNull(row.organizationId);
      const values = chain.values(row).map(asKept);
      const seq = last.seq + 1;
      last = { seq, hash: chain.hash(last.hash, seq, values) };
      insert.run([...values, seq, last.hash]);
    }
  };
}

/** Raw SQL, because it runs on the path of every request. Values are in column order. */
function prepareInsert(database: Database.Database): Database.Statement<unknown[]> {
  const { seq, hash, ...columns } = getTableColumns(audit);
  const names = [...Object.values(columns), seq, hash].map(({ name }) => name);
  return database.prepare(
    `INSERT INTO audit (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  );
}

/**
 * The value as it will be read again. SQLite stores UTF-8, which cannot hold half of a surrogate pair. Hashed
 * unchanged, a client name with one would look like a forged row.
 */
const asKept = <Value>(value: Value): Value | string =>
  typeof value === 'string' && !value.isWellFormed() ? value.toWellFormed() : value;
