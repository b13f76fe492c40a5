import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createWriteQueue } from '../../db/sqlite/connection/write-queue.ts';
import { chainPoint } from '../../src/audit/audit-event.ts';
import type { Store } from '../../src/store/store.ts';
import { auditRow, provision, START_MS } from './contract/fixtures.ts';
import { openForeign, openSettled, temporaryFile } from './temporary-store.ts';

const HELD_MS = 150;

/** Every way in which the store is written to. */
async function mutationsOf(store: Store) {
  const { organization, defaultKey, hash } = await provision(store);
  const row = () => auditRow(organization.id);
  const use = new Map([[defaultKey.id, { atMs: START_MS, client: null }]]);
  return {
    hash,
    mutations: [
      () => store.audit.append(row()),
      () =>
        store.keys.change(
          { keyspace: organization.id, keyId: defaultKey.id },
          null,
          () => ({ name: 'renamed' }),
          row,
        ),
      () => store.keys.noteUses(use),
      () => store.audit.append(row()),
      () => store.organizations.ensureCanonicalSet(['agent:read'], START_MS),
      () => store.organizations.setStatus(organization.id, 'suspended', START_MS, row),
      () => provision(store, 'Another'),
      () => store.audit.prune(chainPoint(1), row),
    ],
  };
}

test('whatever writes waits in turn for the lock of another process, and the event loop goes on', async () => {
  const store = await openSettled();
  const foreign = openForeign(store.file);
  const { hash, mutations } = await mutationsOf(store);
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 5);
  foreign.exec('BEGIN IMMEDIATE');
  const done: number[] = [];
  const all = mutations.map(async (mutate, place) => {
    await mutate();
    done.push(place);
  });
  // What only reads waits for nobody.
  expect((await store.keys.find(hash))?.key.name).toBe('Default key');
  await store.ping();
  await setTimeout(HELD_MS);
  expect(done).toEqual([]);
  expect(turns).toBeGreaterThan(5);
  foreign.exec('COMMIT');
  await Promise.all(all);
  clearInterval(counting);
  // What came first is done first; two of them read before they write, and rows of calls share one commit.
  expect(done.filter((place) => [1, 2, 5, 7].includes(place))).toEqual([1, 2, 5, 7]);
});

test('what has waited for its time is refused as busy, and the next goes on', async () => {
  const store = await openSettled(temporaryFile(), 60);
  const foreign = openForeign(store.file);
  const { hash, mutations } = await mutationsOf(store);
  foreign.exec('BEGIN IMMEDIATE');
  const results = await Promise.allSettled(mutations.map((mutate) => mutate()));
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_BUSY' } });
  }
  expect((await store.keys.find(hash))?.key.name).toBe('Default key');
  foreign.exec('COMMIT');
  for (const mutate of mutations) await mutate();
});

test('a call that was refused as busy does not wait once more for its row', async () => {
  const store = await openSettled();
  const foreign = openForeign(store.file);
  foreign.exec('BEGIN IMMEDIATE');
  const row = auditRow(null, { errorCode: 'STORE_BUSY', status: 503 });
  const refused = await store.audit.append(row).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'STORE_BUSY' });
  foreign.exec('COMMIT');
});

test('a store that closes waits for what was asked of it', async () => {
  const store = await openSettled();
  const foreign = openForeign(store.file);
  const { mutations } = await mutationsOf(store);
  foreign.exec('BEGIN IMMEDIATE');
  const all = Promise.all(mutations.map((mutate) => mutate()));
  const closed = store.close();
  await setTimeout(20);
  foreign.exec('COMMIT');
  await Promise.all([all, closed]);
  await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('a turn that fails for another reason than the lock ends, and the next is taken', async () => {
  const queue = createWriteQueue(1000);
  const taken: string[] = [];
  const turnOf = (name: string) => ({ take: () => void taken.push(name), giveUp: () => true });
  for (const name of ['one', 'two']) queue.enter(turnOf(name));
  await queue.idle();
  expect(taken).toEqual(['one', 'two']);
});
