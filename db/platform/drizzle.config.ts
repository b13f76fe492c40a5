import { defineConfig } from 'drizzle-kit';

/** drizzle-kit resolves paths from the root of the repository, where npm runs it. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './db/platform/schema.ts',
  out: './db/platform/migrations',
});
