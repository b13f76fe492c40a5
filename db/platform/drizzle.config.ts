import { defineConfig } from 'drizzle-kit';

/** Paths are drizzle-kit's: relative to the root of the repository, where npm runs it. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './db/platform/schema.ts',
  out: './db/platform/migrations',
});
