import { createRequire } from 'node:module';

/**
 * drizzle-orm as CommonJS. Its package.json has 180 KB, and Node reads it again for each of its 120 ES modules: 250 ms
 * and 180 MiB at every start, which CommonJS avoids.
 */
const load = createRequire(import.meta.url);

export const {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  not,
  or,
  sql,
} = load('drizzle-orm') as typeof import('drizzle-orm');

export const { drizzle } = load('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3');

export const { readMigrationFiles } = load('drizzle-orm/migrator') as typeof import('drizzle-orm/migrator');

export const { blob, check, foreignKey, index, integer, primaryKey, sqliteTable, text, unique, uniqueIndex } =
  load('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core');
