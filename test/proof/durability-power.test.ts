import { join } from 'node:path';
import { test } from 'vitest';
import { openConnections } from '../../db/sqlite/connection/connections.ts';
import { openStore } from '../../db/sqlite/open-store.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { machineClock } from '../support/clocks.ts';
import { checkCuts, surprisesOf } from './durability/check-cuts.ts';
import { countSyncs } from './durability/count-syncs.ts';
import { newSeed } from './durability/random.ts';
import { whyNoTrace } from './durability/trace.ts';
import { proofFolder, runTraced } from './durability/traced-run.ts';
import { trials } from './support/depth.ts';
import { notMeasured, prove } from './support/proof.ts';

const why = whyNoTrace();
const model =
  'The power is cut in a model: of what strace saw written since the last fsync of a file, all, a part or nothing is left; the disk is taken at its word, and names of files survive.';

test('what was acknowledged before the power went is there when it is back', async (context) => {
  const id = 'durability.power-cut';
  const property = 'a mutation that was acknowledged survives a power cut, with its audit row';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const seed = newSeed();
  const mutations = trials({ planted: 60, ci: 250, full: 600 });
  const run = await runTraced({ mutations, mutators: 3, readers: 2, seed });
  const cuts = trials({ planted: 60, ci: 500, full: 10_000 });
  const report = await checkCuts(run, { cuts, seed, withReads: false, reopenEvery: 20 });
  prove(context, {
    id,
    property,
    trials: report.cuts,
    unit: 'cuts',
    failures: [...surprisesOf(run.book), ...report.failures],
    measured: {
      mutations: run.book.acts.length,
      cuts_that_lost_bytes: report.cutsWithLoss,
      checkpoints: run.events
        .slice(run.from)
        .filter((event) => event.kind === 'sync' && event.file === 'store').length,
      opened_by_the_program: report.reopened,
      seed,
    },
    note: model,
  });
});

test('the model of a power cut sees what the default setting loses', async (context) => {
  const id = 'durability.power-cut-control';
  const property = 'the same cuts, on connections left as the driver opens them, lose acknowledged mutations';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const seed = newSeed();
  const mutations = trials({ planted: 60, ci: 120, full: 600 });
  const run = await runTraced({ mutations, mutators: 3, readers: 2, seed, byDefault: true });
  const cuts = trials({ planted: 60, ci: 100, full: 500 });
  const report = await checkCuts(run, { cuts, seed, withReads: false, reopenEvery: 0 });
  const isBlind = report.mostLost === 0;
  prove(context, {
    id,
    property,
    trials: report.cuts,
    unit: 'cuts',
    noRate: true,
    failures: isBlind ? ['no cut lost anything, so the model would not see a loss'] : [],
    measured: { cuts_that_lost: report.failures.length, most_lost_at_once: report.mostLost, seed },
    note: 'Here losses are what is to be found.',
  });
});

test('with audit.durability "power" the rows of calls survive the power cut too', async (context) => {
  const id = 'durability.power-cut-calls';
  const property = 'with audit.durability "power" the row of every answered call survives a power cut';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const seed = newSeed();
  const mutations = trials({ planted: 30, ci: 60, full: 300 });
  const run = await runTraced({ mutations, mutators: 1, readers: 4, seed, durability: 'power' });
  const cuts = trials({ planted: 60, ci: 100, full: 1_000 });
  const report = await checkCuts(run, { cuts, seed, withReads: true, reopenEvery: 0 });
  prove(context, {
    id,
    property,
    trials: report.cuts,
    unit: 'cuts',
    failures: [...surprisesOf(run.book), ...report.failures],
    measured: { calls: run.book.reads.length, mutations: run.book.acts.length, seed },
    note: model,
  });
});

test('a mutation is synced to the disk before it is acknowledged', async (context) => {
  const id = 'durability.syncs';
  const property = 'between one acknowledged mutation and the next the store is synced at least once';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const seed = newSeed();
  const mutations = trials({ planted: 50, ci: 300, full: 5_000 });
  const alone = await runTraced({ mutations, mutators: 1, readers: 0, seed, keepsBytes: false });
  const together = await runTraced({ mutations, mutators: 8, readers: 4, seed, keepsBytes: false });
  const counted = countSyncs(alone);
  const levels = [...(await levelsOf('process')), ...(await levelsOf('power'))];
  const wrong = levels.filter(({ level, expected }) => level !== expected);
  prove(context, {
    id,
    property,
    trials: counted.mutations,
    unit: 'mutations',
    failures: [
      ...[alone, together].flatMap(({ book }) => surprisesOf(book)),
      ...counted.failures,
      ...wrong.map(({ name, level }) => `${name}: synchronous is ${level} after a write`),
    ],
    measured: {
      syncs_of_the_store: counted.syncs,
      syncs_of_the_ledger: counted.ledgerSyncs,
      syncs_per_mutation_of_8_clients: countSyncs(together).perMutation,
      ...Object.fromEntries(levels.map(({ name, level }) => [name, level])),
      seed,
    },
    note: 'Clients at once may share a commit, and then a sync; each mutation is still answered after its own.',
  });
});

/** What SQLite says of the program's own connections once each has written: 1 is NORMAL, 2 is FULL. */
async function levelsOf(durability: 'process' | 'power') {
  const file = join(proofFolder(), 'tenantry.db');
  // Made whole first, so that the connections opened here are all that is new.
  const clock = machineClock();
  await openStore(file, { durability, auditChain, clock }).close();
  const { control, audit, auth, listing } = openConnections(file, { durability, clock }, () => {});
  const expected = { control: 2, audit: durability === 'power' ? 2 : 1 };
  const levels = Object.entries({ control, audit }).map(([name, database]) => {
    database.prepare('UPDATE secrets SET value = value').run();
    return {
      name: `synchronous_${name}_${durability}`,
      level: Number(database.pragma('synchronous', { simple: true })),
      expected: expected[name as keyof typeof expected], // Its own names.
    };
  });
  for (const database of [control, audit, auth, listing]) database.close();
  return levels;
}
