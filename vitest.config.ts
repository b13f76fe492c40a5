import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { plainSummary } from './test/support/plain-summary.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', plainSummary],
    // Every test opens stores and servers of its own; the clock of the machine is shared.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 3,
    // Programs that tests start share what Node has compiled.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'tenantry-compile-cache') },
  },
});
