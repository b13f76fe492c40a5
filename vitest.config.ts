import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { scorecardReporter } from './test/proof/support/scorecard-reporter.ts';
import { plainSummary } from './test/support/plain-summary.ts';

const proofs = 'test/proof/**/*.test.ts';
/** Proofs that measure how long something takes. */
const measuring = 'test/proof/{faults,load,revocation,shutdown,isolation-timing,fuzz-redos}*.test.ts';
const isFull = process.env.PROOF === 'full';

const ofProofs = {
  testTimeout: isFull ? 3 * 3_600_000 : 300_000,
  hookTimeout: 60_000,
};

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
          exclude: [...configDefaults.exclude, measuring],
          // They load the machine, so they come after all else.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          ...ofProofs,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof-measured',
          include: [measuring],
          sequence: { groupOrder: 2 },
          // What is measured in full has the machine for itself.
          maxWorkers: isFull ? 1 : 2,
          ...ofProofs,
        },
      },
    ],
  },
});
