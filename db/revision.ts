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

/** Whatever may make a credential mean something else than it did. A new key changes what no other one means. */
const changes: Readonly<Record<string, string>> = {
  revision_of_keys: `UPDATE ON keys WHEN ${keyDiffers}`,
  revision_without_key: 'DELETE ON keys',
  revision_of_organizations: 'UPDATE ON organizations',
  revision_without_organization: 'DELETE ON organizations',
};

/**
 * Makes a count in the store that grows with every such change, in the change's own transaction, whoever makes
 * it. The triggers are part of the file; a column that this program knows anew makes them anew.
 */
export function keepRevision(control: Database.Database): void {
  const written = control.prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?').pluck();
  const renew = control.transaction(() => {
    control.exec('INSERT INTO credential_revision (id, value) VALUES (1, 0) ON CONFLICT DO NOTHING');
    for (const [name, event] of Object.entries(changes)) {
      const wanted = triggerSql(name, event);
      if (written.get(name) === wanted) continue;
      control.exec(`DROP TRIGGER IF EXISTS ${name}`);
      control.exec(wanted);
    }
  });
  renew.immediate();
}

/** For a copy that comes from elsewhere: what bears these names there may be anything. */
export function dropRevision(database: Database.Database): void {
  for (const name of revisionTriggers) database.exec(`DROP TRIGGER IF EXISTS ${name}`);
}

export const revisionTriggers: readonly string[] = Object.keys(changes);

const triggerSql = (name: string, event: string): string =>
  `CREATE TRIGGER ${name} AFTER ${event} BEGIN UPDATE credential_revision SET value = value + 1; END`;

/**
 * The count as it is now. It asks for the tables too, since a store that has lost them counts no further.
 *
 * @throws STORE_UNAVAILABLE, or what SQLite says, where anything is missing: nothing could tell then that a key was revoked
 */
export function prepareRevision(auth: Database.Database): () => number {
  const statement = auth
    .prepare<[], number>(
      `SELECT value FROM credential_revision WHERE id = 1
        AND (SELECT count(*) FROM (SELECT 1 FROM keys, organizations LIMIT 1)) >= 0`,
    )
    .pluck();
  return () => {
    const value = statement.get();
    if (value === undefined) throw new AppError('STORE_UNAVAILABLE');
    return value;
  };
}
