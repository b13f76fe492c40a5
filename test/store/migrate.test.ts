import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { migrateStore } from '../../db/sqlite/connection/migrate.ts';
import { runTogether } from './run-together.ts';
import { isLocked, openForeign, temporaryFile } from './temporary-store.ts';

/** A folder of migrations in Drizzle's form, `1` after `0`. */
function folderOf(migrations: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'meta'));
  const entries = migrations.map((sql, idx) => {
    const tag = `000${idx}_step`;
    writeFileSync(join(folder, `${tag}.sql`), sql);
    return { idx, version: '6', when: idx + 1, tag, breakpoints: true };
  });
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ version: '7', entries }));
  return folder;
}

const born = [
  'CREATE TABLE `parent` (`id` text PRIMARY KEY);',
  'CREATE TABLE `child` (`id` text, `of` text REFERENCES `parent`(`id`) ON DELETE CASCADE);',
  "INSERT INTO `parent` VALUES ('p');",
  "INSERT INTO `child` VALUES ('c', 'p');",
].join('--> statement-breakpoint\n');

test('processes that upgrade together each succeed, and the upgrade happens once', async () => {
  const file = temporaryFile();
  const files = Array.from({ length: 12 }, (_, place) => `${file}.${place}`);
  for (const each of files) {
    // A store that an older version has left: its list of migrations is there and is read first.
    const older = new Database(each);
    older.pragma('journal_mode = WAL');
    migrateStore(older, folderOf([]));
    older.close();
  }
  const task = { do: 'migrate', file, files } as const;
  expect(await runTogether([task, task, task])).toEqual(['migrated', 'migrated', 'migrated']);
  for (const each of files) {
    const applied = openForeign(each).prepare(
      'SELECT count(DISTINCT hash), count(*) FROM __drizzle_migrations',
    );
    expect(applied.raw().get()).toEqual([4, 4]);
  }
});

test('a migration waits for another process that writes', async () => {
  const database = openForeign(temporaryFile());
  database.pragma('journal_mode = WAL');
  const held = runTogether([{ do: 'hold', file: database.name, holdMs: 700 }]);
  while (!isLocked(database)) await new Promise((next) => setTimeout(next, 10));
  migrateStore(database, folderOf([born]));
  expect(database.prepare('SELECT count(*) FROM child').pluck().get()).toBe(1);
  expect(database.pragma('busy_timeout', { simple: true })).toBe(0);
  expect(await held).toEqual(['held']);
});

test('a table that is rebuilt takes no rows of another with it', () => {
  const database = openForeign(temporaryFile());
  migrateStore(database, folderOf([born]));
  const rebuild = [
    'CREATE TABLE `__new_parent` (`id` text PRIMARY KEY, `name` text);',
    'INSERT INTO `__new_parent` (`id`) SELECT `id` FROM `parent`;',
    'DROP TABLE `parent`;',
    'ALTER TABLE `__new_parent` RENAME TO `parent`;',
  ];
  migrateStore(database, folderOf([born, rebuild.join('--> statement-breakpoint\n')]));
  expect(database.prepare('SELECT * FROM child').all()).toEqual([{ id: 'c', of: 'p' }]);
  expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
});

test('a migration that would leave rows which refer to nothing is refused', () => {
  const database = openForeign(temporaryFile());
  migrateStore(database, folderOf([born]));
  const orphaning = folderOf([born, 'DELETE FROM `parent`;']);
  expect(() => migrateStore(database, orphaning)).toThrow('refer to nothing');
  expect(database.prepare('SELECT count(*) FROM parent').pluck().get()).toBe(1);
});

test('a migration that fails leaves the store as it was', () => {
  const folder = folderOf(['CREATE TABLE `one` (a);--> statement-breakpoint\nNONSENSE;']);
  const database = openForeign(temporaryFile());
  expect(() => migrateStore(database, folder)).toThrow('syntax error');
  expect(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0);
  expect(database.inTransaction).toBe(false);
});
