import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrateStore } from '../../db/migrate.ts';
import { openStore } from '../../db/open-store.ts';
import type { AuditRow } from '../../src/audit/audit-event.ts';
import { chainHash } from '../../src/audit/audit-event.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { provisionOrganization } from '../../src/organizations/provision.ts';

/** What another process does, as one line of JSON on standard input, and from which instant on. */
export type Task = { readonly file: string; readonly startAtMs: number } & (
  | { readonly do: 'migrate' }
  | { readonly do: 'open' }
  | {
      readonly do: 'provision';
      readonly externalId: string;
      readonly times: number;
      readonly auditRow: AuditRow;
    }
  | { readonly do: 'append'; readonly rows: readonly AuditRow[] }
);

async function perform(task: Task): Promise<unknown> {
  if (task.do === 'migrate') {
    const database = new Database(task.file);
    migrateStore(database, join(import.meta.dirname, '../../db/migrations'));
    database.close();
    return 'migrated';
  }
  const store = openStore(task.file, { durability: 'process', chainHash, now: Date.now });
  try {
    await store.organizations.settleCanon(['agent:read'], Date.now());
    if (task.do === 'open') return store.cursorSecret.toString('hex');
    if (task.do === 'append') return await Promise.all(task.rows.map((row) => store.audit.append(row)));
    const deps = { organizations: store.organizations, format: createKeyFormat('tnt'), now: Date.now };
    const request = { name: 'Acme', externalId: task.externalId, createdBy: 'cli' };
    const row = task.auditRow;
    return await Promise.all(
      Array.from({ length: task.times }, () =>
        provisionOrganization(request, (made) => ({ ...row, organizationId: made.id }), deps),
      ),
    );
  } finally {
    await store.close();
  }
}

// The parser is the type's only reader, and its writer is the test beside it.
const task = JSON.parse(readFileSync(0, 'utf8')) as Task;
while (Date.now() < task.startAtMs);
process.stdout.write(JSON.stringify(await perform(task)) ?? '');
