import { test } from 'vitest';
import { type KillReport, killAgainAndAgain } from './durability/kill-cycles.ts';
import { newSeed } from './durability/random.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const kinds = ['mint', 'rotate', 'revoke'] as const;

/** Cycles on one store; all of them together are the trials. */
const CYCLES = { planted: 5, ci: 50, full: 250 } as const;

/** A start takes a third of a second, and ten times that where others load the machine. */
const LIMIT_MS = trials({ planted: 120_000, ci: 900_000, full: 4 * 3_600_000 });

test('a process that is killed loses nothing that it acknowledged', {
  timeout: LIMIT_MS,
}, async (context) => {
  const stores = trials({ planted: 1, ci: 2, full: 4 });
  const seed = newSeed();
  const startedAt = performance.now();
  const reports: KillReport[] = [];
  for (let store = 0; store < stores; store += 2) {
    const pair = [store, store + 1].filter((each) => each < stores);
    reports.push(...(await Promise.all(pair.map((each) => killAgainAndAgain(CYCLES[depth], seed + each)))));
  }
  const acknowledged = (kind: (typeof kinds)[number]) =>
    reports.reduce((total, { mutations }) => total + mutations[kind], 0);
  const sum = (of: 'cycles' | 'reads' | 'cutOff' | 'held' | 'rows') =>
    reports.reduce((total, report) => total + report[of], 0);
  prove(context, {
    id: 'durability.killed',
    property:
      'after kill -9 every acknowledged mint, rotation, revocation and call is there, and audit and keys agree',
    trials: sum('cycles'),
    unit: 'cycles',
    failures: [
      ...reports.flatMap(({ failures }) => failures),
      ...kinds.filter((kind) => acknowledged(kind) === 0).map((kind) => `no ${kind} was acknowledged`),
    ],
    measured: {
      stores,
      acknowledged_mints: acknowledged('mint'),
      acknowledged_rotations: acknowledged('rotate'),
      acknowledged_revocations: acknowledged('revoke'),
      acknowledged_calls: sum('reads'),
      mutations_cut_off: sum('cutOff'),
      keys_held_by_the_ledger: sum('held'),
      audit_rows: sum('rows'),
      slowest_start_ms: Math.max(...reports.map(({ slowestStartMs }) => slowestStartMs)),
      seconds: Math.round((performance.now() - startedAt) / 1000),
      seed,
    },
    note: 'A killed process leaves what it wrote to the kernel, so this cannot tell synchronous=FULL from NORMAL; durability.power-cut does.',
  });
});
