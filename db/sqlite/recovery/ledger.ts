import type Database from 'better-sqlite3';
import { keyDiffers } from '../credential-lookup/revision.ts';
import type { LedgerFile } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';

const becomes = (column: string): string => `OLD.${column} IS NULL AND NEW.${column} IS NOT NULL`;

const keyChange = `CASE WHEN ${becomes('removed_at')} THEN 'removed' WHEN ${becomes('revoked_at')} THEN 'revoked'
  WHEN ${becomes('replaced_by')} THEN 'rotated' WHEN ${becomes('held_at')} THEN 'held'
  WHEN OLD.held_at IS NOT NULL AND NEW.held_at IS NULL THEN 'confirmed' ELSE 'changed' END`;

const person = `'what', 'user', 'organization_id', OLD.organization_id, 'user_id', OLD.user_id`;
const group = `'what', 'group', 'organization_id', OLD.organization_id, 'group_id', OLD.id`;

/** Every statement that creates a key or may reduce a key's authority, with the ledger's entry for it. */
const watched: readonly (readonly [event: string, entry: string])[] = [
  [
    'INSERT ON main.keys',
    `'what', 'minted', 'key_id', NEW.id, 'organization_id', NEW.organization_id, 'by', NEW.created_by`,
  ],
  [
    `UPDATE ON main.keys WHEN ${keyDiffers}`,
    `'what', ${keyChange}, 'key_id', OLD.id, 'organization_id', OLD.organization_id, 'by', NEW.revoked_by`,
  ],
  [
    'UPDATE ON main.organizations WHEN OLD.status IS NOT NEW.status',
    `'what', 'organization', 'organization_id', OLD.id, 'status', NEW.status`,
  ],
  ['UPDATE ON main.memberships WHEN OLD.role IS NOT NEW.role OR OLD.active IS NOT NEW.active', person],
  ['INSERT ON main.host_grants', `'what', 'changed', 'key_id', NEW.key_id`],
  [
    'DELETE ON main.host_grants',
    `'what', 'withdrawn', 'key_id', OLD.key_id, 'organization_id', OLD.organization_id`,
  ],
  ['DELETE ON main.memberships', person],
  ['DELETE ON main.group_members', person],
  ['UPDATE ON main.permission_groups WHEN OLD.permissions IS NOT NEW.permissions', group],
  ['DELETE ON main.permission_groups', group],
];

/**
 * Makes a ledger line a condition of every commit on this connection, whichever statement causes it. Temporary triggers
 * collect the changes; the transaction's audit row, which follows them, writes them to the ledger. So each line is on
 * disk before its commit, and under the lock that orders commits. A change without an audit row remains in
 * `ledger_pending`, whose deferred foreign key then fails the commit.
 */
export function watchChanges(database: Database.Database, ledger: LedgerFile, now: () => number): void {
  database.pragma('temp_store = MEMORY');
  database.function('ledger_append', (seq: unknown, hash: unknown, entries: unknown) => {
    // Only the trigger below calls it.
    const changes = JSON.parse(String(entries)) as readonly (Pick<LedgerLine, 'what'> &
      Partial<LedgerLine>)[];
    const row = { at: new Date(now()).toISOString(), seq: Number(seq), hash: String(hash) };
    ledger.append(changes.map(({ what, ...change }) => ({ what, ...withoutNulls(change), ...row })));
    return null;
  });
  database.exec(`
    CREATE TEMP TABLE ledger_nothing (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE ledger_pending (
      entry TEXT NOT NULL,
      owed INTEGER NOT NULL DEFAULT 1 REFERENCES ledger_nothing (id) DEFERRABLE INITIALLY DEFERRED
    );
    CREATE TEMP TRIGGER ledger_written AFTER INSERT ON main.audit WHEN EXISTS (SELECT 1 FROM ledger_pending) BEGIN
      SELECT ledger_append(NEW.seq, NEW.hash, (SELECT json_group_array(json(entry)) FROM ledger_pending));
      DELETE FROM ledger_pending;
    END;
    CREATE TEMP TRIGGER ledger_pruned AFTER INSERT ON main.audit WHEN NEW.kind = 'checkpoint' BEGIN
      SELECT ledger_append(NEW.seq, NEW.hash, '[{"what":"checkpoint"}]');
    END;
  `);
  for (const [place, [event, entry]] of watched.entries()) {
    database.exec(`CREATE TEMP TRIGGER ledger_watch_${place} AFTER ${event} BEGIN
      INSERT INTO ledger_pending (entry) VALUES (json_object(${entry}));
    END`);
  }
}

const withoutNulls = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
