import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { TestApp } from '../../support/start-app.ts';

/** Not a property of the row but of who used it last. */
const moving = new Set(['last_used_at', 'last_client']);

/** The newest audit row; what a digest says of the audit ends there. */
export const headOf = (app: TestApp): Promise<number> =>
  app.services.store.audit.head().then(({ seq }) => seq);

/** A digest of every row that names the organisation, in the store and on the platform, by table. */
export function digestRows(app: TestApp, organizationId: string, throughSeq: number): Record<string, string> {
  const { storeLocation, config } = app.services;
  const digests: Record<string, string> = {};
  for (const file of [storeLocation.name, config.platformFile]) {
    const database = new Database(file, { readonly: true });
    for (const table of tablesWithOrganization(database)) {
      digests[table] = digestTable(database, table, organizationId, throughSeq);
    }
    database.close();
  }
  return digests;
}

function tablesWithOrganization(database: Database.Database): string[] {
  const tables = database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all();
  return tables
    .map(({ name }) => name)
    .filter((name) => columnsOf(database, name).includes('organization_id'));
}

const columnsOf = (database: Database.Database, table: string): string[] =>
  database
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => name);

function digestTable(database: Database.Database, table: string, organizationId: string, throughSeq: number) {
  const columns = columnsOf(database, table).filter((name) => !moving.has(name));
  const listed = columns.map((name) => `"${name}"`).join(', ');
  // The audit grows with every question; what it said before must stay.
  const until = table === 'audit' ? `AND seq <= ${throughSeq}` : '';
  const rows = database
    .prepare(`SELECT ${listed} FROM "${table}" WHERE organization_id = ? ${until} ORDER BY ${listed}`)
    .raw()
    .all(organizationId);
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

/** Which organisation each key's calls were written under since `afterSeq`, and how many. */
export function callsByKey(app: TestApp, afterSeq: number) {
  const database = new Database(app.services.storeLocation.name, { readonly: true });
  const rows = database
    .prepare<[number], { organization_id: string | null; key_id: string | null; calls: number }>(
      `SELECT organization_id, key_id, COUNT(*) AS calls FROM audit
        WHERE seq > ? AND kind = 'call' GROUP BY organization_id, key_id`,
    )
    .all(afterSeq);
  database.close();
  return rows;
}
