import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrateStore } from '../../db/sqlite/connection/migrate.ts';
import { openStore } from '../../db/sqlite/open-store.ts';
import type { AuditRow } from '../../src/audit/audit-event.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { AppError } from '../../src/errors.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { provisionOrganization } from '../../src/provisioning/provision.ts';
import { machineClock } from '../support/clocks.ts';

const STEP_MS = 100;

/** What another process does, as one line of JSON on standard input, and from which instant on. */
export type Task = { readonly file: string; readonly startAtMs: number } & (
  | { readonly do: 'migrate'; readonly files: readonly string[] }
  | { readonly do: 'hold'; readonly holdMs: number }
  | { readonly do: 'open'; readonly files: readonly string[] }
  | {
      readonly do: 'provision';
      readonly externalId: string;
      readonly times: number;
      readonly auditRow: AuditRow;
    }
  | { readonly do: 'append'; readonly rows: readonly AuditRow[] }
);

async function perform(task: Task): Promise<unknown> {
  if (task.do === 'migrate') return migrateEach(task.files, task.startAtMs);
  if (task.do === 'hold') return holdLock(task.file, task.holdMs);
  if (task.do === 'open') return openEach(task.files, task.startAtMs);
  const store = openStore(task.file, { durability: 'process', auditChain, clock: machineClock() });
  try {
    await store.organizations.ensureCanonicalSet(['agent:read'], Date.now());
    if (task.do === 'append')
      return await Promise.all(task.rows.map((row) => again(() => store.audit.append(row))));
    const deps = { organizations: store.organizations, format: createKeyFormat('tnt'), now: Date.now };
    const request = { name: 'Acme', externalId: task.externalId, createdBy: 'cli' };
    const row = task.auditRow;
    return await Promise.all(
      Array.from({ length: task.times }, () =>
        again(() => provisionOrganization(request, (made) => ({ ...row, organizationId: made.id }), deps)),
      ),
    );
  } finally {
    await store.close();
  }
}

/** `STORE_BUSY` says to try again, and on a crowded machine it is said. */
async function again<T>(operation: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await operation();
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'STORE_BUSY') throw thrown;
    }
  }
}

/** Each file is new, and its opening starts at the same instant in every process. */
async function openEach(files: readonly string[], startAtMs: number): Promise<string[]> {
  const secrets: string[] = [];
  for (const [place, file] of files.entries()) {
    while (Date.now() < startAtMs + place * STEP_MS);
    const store = openStore(file, { durability: 'process', auditChain, clock: machineClock() });
    await store.organizations.ensureCanonicalSet(['agent:read'], Date.now());
    secrets.push(store.cursorSecret.toString('hex'));
    await store.close();
  }
  return secrets;
}

function holdLock(file: string, holdMs: number): string {
  const database = new Database(file);
  database.exec('BEGIN IMMEDIATE');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs);
  database.exec('COMMIT');
  return 'held';
}

function migrateEach(files: readonly string[], startAtMs: number): string {
  for (const [place, file] of files.entries()) {
    const database = new Database(file);
    while (Date.now() < startAtMs + place * STEP_MS);
    migrateStore(database, join(import.meta.dirname, '../../db/sqlite/migrations'));
    database.close();
  }
  return 'migrated';
}

// The parser is the type's only reader, and its writer is the test beside it.
const task = JSON.parse(readFileSync(0, 'utf8')) as Task;
while (Date.now() < task.startAtMs);
process.stdout.write(JSON.stringify(await perform(task)) ?? '');
