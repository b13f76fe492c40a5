import Database from 'better-sqlite3';
import { onTestFinished, test } from 'vitest';
import { asc, drizzle, eq, getTableColumns, gt } from '../../db/sqlite/connection/drizzle.ts';
import { audit } from '../../db/sqlite/schema/schema.ts';
import { type AuditEvent, type ChainHead, type ChainPoint, chainPoint } from '../../src/audit/audit-event.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { verifyChain } from '../../src/audit/chain/verify.ts';
import { auditRow } from '../store/contract/fixtures.ts';
import { openSettled } from '../store/temporary-store.ts';
import { newSeed, oneOf, type Random, seededRandom, wholeBetween } from './durability/random.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const ROWS = 60;
const { seq: _seq, hash: _hash, ...fields } = getTableColumns(audit);
const names = Object.keys(fields) as (keyof typeof fields)[]; // Its own names.

/** A chain of some length, on the connection of the person who tampers with it. */
async function tamperedStore() {
  const store = await openSettled();
  for (let index = 0; index < ROWS; index += 1) {
    const change = index % 3 === 0 ? null : `{"place":${index}}`;
    await store.audit.append(auditRow(null, { durationMs: index, change, onBehalfOf: `job ${index}` }));
  }
  const head = await store.audit.head();
  const database = new Database(store.file);
  onTestFinished(() => void database.close());
  const db = drizzle(database);
  const readChain = async (after: ChainPoint, limit: number) =>
    db.select().from(audit).where(gt(audit.seq, after.seq)).orderBy(asc(audit.seq)).limit(limit).all();
  return {
    database,
    db,
    head,
    verify: (kept?: ChainHead) => verifyChain({ readChain }, { kept }),
    readChain,
  };
}

type Tampered = Awaited<ReturnType<typeof tamperedStore>>;

/** What somebody with the file in their hands may do; each answers the row at which it must be seen. */
const tamperings: Readonly<
  Record<string, (store: Tampered, seq: number, random: Random) => Promise<number>>
> = {
  async 'a row is changed and its hash made anew'(store, seq, random) {
    const [before] = await store.readChain(chainPoint(seq - 2), 1);
    const [row] = await store.readChain(chainPoint(seq - 1), 1);
    if (before === undefined || row === undefined) throw new Error(`no row ${seq}`);
    const forged = { ...row, ...otherValue(row, oneOf(random, names)) };
    const hash = auditChain.hash(before.hash, seq, auditChain.values(forged));
    store.db
      .update(audit)
      .set({ ...forged, hash })
      .where(eq(audit.seq, seq))
      .run();
    return seq + 1;
  },
  async 'a row is removed'({ db }, seq) {
    db.delete(audit).where(eq(audit.seq, seq)).run();
    return seq;
  },
  async 'a row is removed and the later ones move up'({ database }, seq) {
    database.prepare('DELETE FROM audit WHERE seq = ?').run(seq);
    database.prepare('UPDATE audit SET seq = -seq WHERE seq > ?').run(seq);
    database.prepare('UPDATE audit SET seq = -seq - 1 WHERE seq < 0').run();
    return seq;
  },
  async 'the tail is cut off'({ db }, seq) {
    db.delete(audit)
      .where(gt(audit.seq, seq - 1))
      .run();
    return seq;
  },
};

/** Another value than the row has, of the same kind. */
function otherValue(row: AuditEvent, name: keyof typeof fields): Partial<AuditEvent> {
  const value = row[name];
  return { [name]: typeof value === 'number' ? value + 1 : `${value ?? ''}x` };
}

/** Does it, asks whether it is seen, and takes it back. */
async function tried(store: Tampered, what: string, tamper: () => Promise<number>): Promise<string[]> {
  store.database.exec('BEGIN');
  try {
    const expected = await tamper();
    const { ok, brokenAt } = await store.verify(store.head);
    return !ok && brokenAt === expected ? [] : [`${what}: seen at ${brokenAt}, expected ${expected}`];
  } finally {
    store.database.exec('ROLLBACK');
  }
}

test('for every change in the audit of a store, verification names the row', async (context) => {
  const rounds = trials({ planted: 1, ci: 10, full: 200 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const store = await tamperedStore();
  const failures: string[] = [];
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const seq = wholeBetween(random, 1, ROWS);
      const change = async () => {
        const [row] = await store.readChain(chainPoint(seq - 1), 1);
        if (row === undefined) throw new Error(`no row ${seq}`);
        store.db.update(audit).set(otherValue(row, name)).where(eq(audit.seq, seq)).run();
        return seq;
      };
      failures.push(...(await tried(store, `${name} of row ${seq} is changed`, change)));
      count += 1;
    }
    for (const [what, tamper] of Object.entries(tamperings)) {
      const seq = wholeBetween(random, 2, ROWS - 1);
      failures.push(...(await tried(store, `${what}: ${seq}`, () => tamper(store, seq, random))));
      count += 1;
    }
  }
  const { ok } = await store.verify(store.head);
  if (!ok) failures.push('the chain that nobody touched does not verify');
  prove(context, {
    id: 'durability.audit-tamper',
    property:
      'audit verify, with a head kept elsewhere, names the first row that was changed, moved or removed',
    trials: count,
    unit: 'tamperings',
    failures,
    measured: { fields: names.length, seed },
  });
});
