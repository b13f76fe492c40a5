import type Database from 'better-sqlite3';
import { AppError } from '../src/errors.ts';
import { getTableColumns } from './drizzle.ts';
import { keys } from './schema.ts';

/** What a use leaves on a key; all else that differs is a change of the key. */
const traces: ReadonlySet<string> = new Set([keys.lastUsedAtMs.name, keys.lastClient.name]);

/** For a trigger: whether the key is another one than before, a use apart. */
export const keyDiffers = Object.values(getTableColumns(keys))
  .filter(({ name }) => !traces.has(name))
  .map(({ name }) => `OLD.${name} IS NOT NEW.${name}`)
  .join(' OR ');

/** Whatever may make a credential mean something else than it did. An insert may replace a row, which no trigger tells. */
const changes: Readonly<Record<string, string>> = {
  revision_of_keys: `UPDATE ON keys WHEN ${keyDiffers}`,
  revision_with_key: 'INSERT ON keys',
  revision_without_key: 'DELETE ON keys',
  revision_of_organizations: 'UPDATE ON organizations',
  revision_with_organization: 'INSERT ON organizations',
  revision_without_organization: 'DELETE ON organizations',
};

/** Never a count, which an older copy of the store could come to again: a number that no other change has made. */
const ANOTHER = 'random() & 0x1fffffffffffff';

const triggerSql = (name: string): string =>
  `CREATE TRIGGER ${name} AFTER ${changes[name]} BEGIN UPDATE credential_revision SET value = ${ANOTHER}; END`;

export const revisionTriggers: readonly string[] = Object.keys(changes);

/**
 * Makes a number in the store that is another one after every such change, in the change's own transaction, whoever
 * makes it. The triggers are part of the file; a column that this program knows anew makes them anew.
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

/** For a copy that comes from elsewhere: what bears these names there may be anything. */
export function dropRevision(database: Database.Database): void {
  for (const name of revisionTriggers) database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  database.exec('DELETE FROM credential_revision');
}

/**
 * The number as it is now, for a transaction that reads.
 *
 * @throws STORE_UNAVAILABLE where it, its triggers or the tables are not there: nothing could tell then that a key was revoked
 */
export function prepareRevision(auth: Database.Database): () => number {
  const revision = auth.prepare<[], number>('SELECT value FROM credential_revision WHERE id = 1').pluck();
  const schemaVersion = auth.prepare<[], number>('PRAGMA schema_version').pluck();
  const tables = auth.prepare('SELECT 1 FROM keys, organizations LIMIT 1');
  // A table that was renamed and back has them in other words.
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
      // Throws what SQLite says where a table is gone.
      tables.get();
      if (triggers.get() !== revisionTriggers.length) throw new AppError('STORE_UNAVAILABLE');
      provenVersion = version;
    }
    const value = revision.get();
    if (!Number.isSafeInteger(value)) throw new AppError('STORE_UNAVAILABLE');
    return Number(value);
  };
}
