import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** A file in the place of a store: to a command that reads, no file at all would be no store. */
export function makeOtherStore(folder: string): { isUntouched(): boolean } {
  const file = join(folder, 'tenantry.db');
  new Database(file).exec('CREATE TABLE other (id)').close();
  const before = readFileSync(file, 'hex');
  return {
    isUntouched: () =>
      readdirSync(folder).every((name) => !name.endsWith('-wal')) && readFileSync(file, 'hex') === before,
  };
}
