import type Database from 'better-sqlite3';
import { AppError } from '../../../src/errors.ts';
import { getTableColumns } from '../connection/drizzle.ts';
import { keys } from '../schema/schema.ts';

/** Columns that a use of the key writes. Any other difference is a change of the key. */
const traces: ReadonlySet<string> = new Set([keys.lastUsedAtMs.name, keys.lastClient.name]);

/** Condition of a trigger: whether the key changed, apart from its uses. */
export const keyDiffers = Object.values(getTableColumns(keys))
  .filter(({ name }) => !traces.has(name))
  .map(({ name }) => `OLD.${name} IS NOT NEW.${name}`)
  .join(' OR ');

/**
 * Everything that may change the meaning of a credential. Inserts count, because one may replace a row without firing a
 * delete trigger.
 */
const changes: Readonly<Record<string, string>> = {
  revision_of_keys: `UPDATE ON keys WHEN ${keyDiffers}`,
  revision_with_key: 'INSERT ON keys',
  revision_without_key: 'DELETE ON keys',
  revision_of_organizations: 'UPDATE ON organizations',
  revision_with_organization: 'INSERT ON organizations',
  revision_without_organization: 'DELETE ON organizations',
};

/** A random number, not a counter: an older copy of the store could count up to the same value. */
const ANOTHER = 'random() & 0x1fffffffffffff';

const triggerSql = (name: string): string =>
  `CREATE TRIGGER ${name} AFTER ${changes[name]} BEGIN UPDATE credential_revision SET value = ${ANOTHER}; END`;

export const revisionTriggers: readonly string[] = Object.keys(changes);

/**
 * Maintains a number in the store that changes with every such change, in the change's own transaction, whichever
 * program makes it. The triggers are part of the file; they are recreated when this program's schema differs.
 */
export function keepRevision(control: Database.Database): void {
  const written = control.prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?').pluck();
  const renew = control.transaction(() => {
    control.exec(`INSERT INTO credential_revision (id, value) VALUES (1, ${ANOTHER}) ON CONFLICT DO NOTHING`);
    for (const name of revisionTriggers.filter((each) => written.get(each) !== triggerSql(each))) {
      control.exec(`DROP TRIGGER IF EXISTS ${name}`);
      control.exec(triggerSql(name));
    }
  });
  renew.immediate();
}

/** Removes the triggers from a copy of unknown origin, where these names may mean anything. */
export function dropRevision(database: Database.Database): void {
  for (const name of revisionTriggers) database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  database.exec('DELETE FROM credential_revision');
}

/**
 * Reads the current revision, inside a read transaction.
 *
 * @throws STORE_UNAVAILABLE when the revision, its triggers or the tables are missing: a revocation could then go
 * unseen
 */
export function prepareRevision(auth: Database.Database): () => number {
  const revision = auth.prepare<[], number>('SELECT value FROM credential_revision WHERE id = 1').pluck();
  const schemaVersion = auth.prepare<[], number>('PRAGMA schema_version').pluck();
  const tables = auth.prepare('SELECT 1 FROM keys, organizations LIMIT 1');
  // Searches by name only, because renaming a table rewrites the SQL of its triggers.
  const triggers = auth
    .prepare<[], number>(
      `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('keys', 'organizations')
        AND name IN (${revisionTriggers.map((name) => `'${name}'`).join(', ')})`,
    )
    .pluck();
  let provenVersion = Number.NaN;
  return () => {
    const version = schemaVersion.get() ?? Number.NaN;
    if (version !== provenVersion) {
      // Throws SQLite's error when a table is missing.
      tables.get();
      if (triggers.get() !== revisionTriggers.length) throw new AppError('STORE_UNAVAILABLE');
      provenVersion = version;
    }
    const value = revision.get();
    if (!Number.isSafeInteger(value)) throw new AppError('STORE_UNAVAILABLE');
    return Number(value);
  };
}
