import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { scorecardReporter } from './test/proof/support/scorecard-reporter.ts';
import { plainSummary } from './test/support/plain-summary.ts';

const proofs = 'test/proof/**/*.test.ts';
const ofPackage = 'test/package/**/*.test.ts';
/** Promises that take whole programs, real clients or large documents: many seconds each, so they run with the proofs. */
const ofPrograms = [
  'test/interop/**/*.test.ts',
  'test/cli/{backup,workers,audit-prune-stopped}.test.ts',
  'test/flow/**/{agent-host,fast-lane-generated,mcp-bad-servers,private-files,start,stop-as-it-listens,uncaught-errors}.test.ts',
  'test/flow/tool-sources/openapi-{documents,example}.test.ts',
];
/** Proofs that measure how long something takes. */
const measuring =
  'test/proof/{faults,first-touch,load,operator-beside-load,revocation,shutdown,store-locks,isolation-timing,fuzz-redos}*.test.ts';
/** Measures a capacity, then offers a multiple of it: a proof beside it would take that capacity away. */
const alone = 'test/proof/load-overload.test.ts';
const isFull = process.env.PROOF === 'full';

/** A timeout only ends what hangs: a busy machine takes ten times as long and is right all the same. */
const ofPromises = { testTimeout: 90_000, hookTimeout: 90_000, expect: { poll: { timeout: 30_000 } } };

/** One that ended a proof with a planted bug would look as if the bug was caught. */
const timeouts: Partial<Record<string, number>> = { full: 3 * 3_600_000, planted: 1_800_000 };

const ofProofs = {
  testTimeout: timeouts[process.env.PROOF ?? ''] ?? 300_000,
  // Folders are searched for plaintext before they go; one of a million rows is large.
  hookTimeout: isFull ? 600_000 : 60_000,
  expect: { poll: { timeout: 30_000 } },
};

export default defineConfig({
  test: {
    reporters: ['default', scorecardReporter, plainSummary],
    pool: 'forks',
    // Programs that tests start share what Node has compiled; it is run, so no other user may be able to write it.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/tests') },
    projects: [
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, proofs, ofPackage, ...ofPrograms],
          // Every test opens stores and servers of its own, so files may share a process and what it has loaded.
          isolate: false,
          maxWorkers: 3,
          ...ofPromises,
        },
      },
      { extends: true, test: { name: 'programs', include: ofPrograms, maxWorkers: 3, ...ofPromises } },
      { extends: true, test: { name: 'package', include: [ofPackage], ...ofPromises } },
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
          exclude: [...configDefaults.exclude, alone],
          sequence: { groupOrder: 2 },
          // What is measured in full has the machine for itself.
          maxWorkers: isFull ? 1 : 2,
          ...ofProofs,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof-alone',
          include: [alone],
          sequence: { groupOrder: 3 },
          maxWorkers: 1,
          ...ofProofs,
        },
      },
    ],
  },
});
