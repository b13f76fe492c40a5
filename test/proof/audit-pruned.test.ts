import { test } from 'vitest';
import { type AuditEvent, chainPoint, emptyChain } from '../../src/audit/audit-event.ts';
import { checkpointRow } from '../../src/audit/chain/checkpoint.ts';
import { createHeadSigner } from '../../src/audit/chain/head-signer.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { verifyChain } from '../../src/audit/chain/verify.ts';
import { auditRow } from '../store/contract/fixtures.ts';
import { openSettled } from '../store/temporary-store.ts';
import { newSeed, oneOf, type Random, seededRandom, wholeBetween } from './durability/random.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const ROWS = 40;
const PRUNED = 20;
const signer = createHeadSigner('a key of this proof alone, of 40 bytes or so');
const nobodys = createHeadSigner('what somebody made up who holds the file');

type Attempt = { readonly rows: AuditEvent[]; readonly pruned: AuditEvent[] };

/** The hashes of all rows behind the first of those given made anew. */
function rehashed(rows: readonly AuditEvent[]): AuditEvent[] {
  const made: AuditEvent[] = [];
  for (const row of rows) {
    const previous = made.at(-1);
    const seq = previous === undefined ? row.seq : previous.seq + 1;
    const hash =
      previous === undefined ? row.hash : auditChain.hash(previous.hash, seq, auditChain.values(row));
    made.push({ ...row, seq, hash });
  }
  return made;
}

/** A checkpoint that takes the place of everything up to `through`, as a person who holds the file can make it. */
function forged({ rows }: Attempt, through: number, as: typeof signer): AuditEvent[] {
  const removed = rows.find(({ seq }) => seq === through);
  const head = rows.at(-1);
  if (removed === undefined || head === undefined) throw new Error(`no row ${through}`);
  const row = checkpointRow({ removed, head, at: head.at }, as);
  const made = { ...row, seq: head.seq + 1, hash: '' };
  return rehashed([...rows.filter(({ seq }) => seq > through), made]);
}

/** What somebody does to the store, or to the file of pruned rows, without the key. */
const tamperings: Readonly<Record<string, (attempt: Attempt, random: Random) => Partial<Attempt>>> = {
  'more rows are cut off behind a checkpoint of nobody': (attempt, random) => ({
    rows: forged(attempt, wholeBetween(random, PRUNED + 1, ROWS - 1), createHeadSigner(null)),
    pruned: [],
  }),
  'more rows are cut off behind a checkpoint that another key signed': (attempt, random) => ({
    rows: forged(attempt, wholeBetween(random, PRUNED + 1, ROWS - 1), nobodys),
    pruned: [],
  }),
  'a row before the checkpoint is made anew': ({ rows }, random) => {
    const at = wholeBetween(random, 1, ROWS - PRUNED - 1);
    return {
      rows: rehashed(rows.map((row, index) => (index === at ? { ...row, target: '/elsewhere' } : row))),
      pruned: [],
    };
  },
  'a pruned row is changed': ({ pruned }, random) => {
    const at = wholeBetween(random, 0, PRUNED - 1);
    return {
      pruned: pruned.map((row, index) => (index === at ? { ...row, durationMs: row.durationMs + 1 } : row)),
    };
  },
  'a pruned row is changed and all after it made anew': ({ pruned }, random) => {
    const at = wholeBetween(random, 1, PRUNED - 1);
    return {
      pruned: rehashed(pruned.map((row, index) => (index === at ? { ...row, target: '/elsewhere' } : row))),
    };
  },
  'a pruned row is left out': ({ pruned }, random) => ({
    pruned: pruned.toSpliced(wholeBetween(random, 0, PRUNED - 1), 1),
  }),
  'two pruned rows change places': ({ pruned }, random) => {
    const at = wholeBetween(random, 0, PRUNED - 2);
    const [one, two] = [pruned[at], pruned[at + 1]];
    return one === undefined || two === undefined ? {} : { pruned: pruned.toSpliced(at, 2, two, one) };
  },
};

async function prunedStore() {
  const store = await openSettled();
  for (let index = 0; index < ROWS; index += 1)
    await store.audit.append(auditRow(null, { durationMs: index }));
  const before = await store.audit.readChain(emptyChain, ROWS);
  const removed = before[PRUNED - 1];
  if (removed === undefined) throw new Error('no rows');
  await store.audit.prune(chainPoint(PRUNED), (head) =>
    checkpointRow({ removed, head, at: head.seq }, signer),
  );
  const rows = [...(await store.audit.readChain(chainPoint(PRUNED), ROWS + 1))];
  return { rows, pruned: before.slice(0, PRUNED) };
}

async function* inOne(rows: readonly AuditEvent[]): AsyncGenerator<readonly AuditEvent[]> {
  yield rows;
}

const judged = ({ rows, pruned }: Attempt, withKey: boolean) =>
  verifyChain(
    { readChain: async (after, limit) => rows.filter(({ seq }) => seq > after.seq).slice(0, limit) },
    { ...(withKey && { signer }), ...(pruned.length > 0 && { pruned: inOne(pruned) }) },
  );

test('after any change of pruned rows or their checkpoint, verification is not ok', async (context) => {
  const rounds = trials({ planted: 5, ci: 50, full: 2000 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const store = await prunedStore();
  const failures: string[] = [];
  const expectOf = async (what: string, attempt: Attempt, withKey: boolean, expected: boolean) => {
    const { ok, problem, unproven } = await judged(attempt, withKey);
    if (ok !== expected) failures.push(`${what}: ${ok ? 'ok' : (problem ?? unproven)}`);
  };
  await expectOf('signed', { ...store, pruned: [] }, true, true);
  await expectOf('shown', store, false, true);
  await expectOf('neither signed nor shown', { ...store, pruned: [] }, false, false);
  let count = 3;
  for (let round = 0; round < rounds; round += 1) {
    for (const [what, tamper] of Object.entries(tamperings)) {
      await expectOf(what, { ...store, ...tamper(store, random) }, oneOf(random, [true, false]), false);
      count += 1;
    }
  }
  prove(context, {
    id: 'audit.pruned',
    property:
      'no pruned row is changed or left out, and none is cut off behind a forged checkpoint, unnoticed',
    trials: count,
    unit: 'tamperings',
    failures,
    measured: { kinds: Object.keys(tamperings).length, seed },
  });
});
