import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { scorecardReporter } from './test/proof/support/scorecard-reporter.ts';
import { plainSummary } from './test/support/plain-summary.ts';

const proofs = 'test/proof/**/*.test.ts';
const isFull = process.env.PROOF === 'full';

export default defineConfig({
  test: {
    reporters: ['default', scorecardReporter, plainSummary],
    pool: 'forks',
    // Programs that tests start share what Node has compiled.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'tenantry-compile-cache') },
    projects: [
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, proofs],
          // Every test opens stores and servers of its own; the clock of the machine is shared.
          testTimeout: 20_000,
          hookTimeout: 20_000,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          include: [proofs],
          // They load the machine, so they come after all else; in full one at a time, since they measure.
          sequence: { groupOrder: 1 },
          maxWorkers: isFull ? 1 : 2,
          testTimeout: isFull ? 3 * 3_600_000 : 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
