import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { subjectOf } from '../../db/sqlite/recovery/compact-ledger.ts';
import { createLedgerFile } from '../../db/sqlite/recovery/ledger-file.ts';
import type { LedgerLine } from '../../db/sqlite/recovery/ledger-lines.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { auditRow, mint, newKey, provision, START_MS } from './contract/fixtures.ts';
import { changeKey, revokeKey } from './contract/key-changes.ts';
import { runTogether } from './run-together.ts';
import { ledgerLines, openForeign, openSettled, openTemporary, temporaryFile } from './temporary-store.ts';

const at = new Date(START_MS).toISOString();
const begun: LedgerLine = { what: 'begun', at, seq: 0, hash: '0'.repeat(64), ledger: 'ab' };
const ofKeys = ['minted', 'revoked', 'removed', 'rotated', 'changed', 'withdrawn', 'held', 'confirmed'];
const change = fc.oneof(
  fc.record({
    what: fc.constantFrom(...ofKeys),
    key_id: fc.constantFrom('key_1', 'key_2', 'key_3'),
    organization_id: fc.constantFrom('org_1', 'org_2'),
  }),
  fc.record({
    what: fc.constant('organization'),
    organization_id: fc.constantFrom('org_1', 'org_2'),
    status: fc.constantFrom('active', 'suspended', 'deleted'),
  }),
  fc.record({
    what: fc.constant('user'),
    organization_id: fc.constantFrom('org_1', 'org_2'),
    user_id: fc.constantFrom('usr_1', 'usr_2'),
  }),
  fc.record({
    what: fc.constantFrom('group', 'shared'),
    organization_id: fc.constant('org_1'),
    group_id: fc.constant('grp_1'),
  }),
  fc.record({ what: fc.constantFrom('settled', 'checkpoint') }),
);

/** All that an older copy, whose newest row is `seq`, is told by the ledger. */
function toldSince(file: string, seq: number) {
  const lines = [...createLedgerFile(file).fromEnd()].filter((line) => line !== undefined).reverse();
  const since = lines.slice(lines.findLastIndex((line) => line.seq <= seq) + 1);
  const said = since.filter(
    (line) => subjectOf(line) !== undefined && !['minted', 'held', 'confirmed'].includes(line.what),
  );
  const statuses = said
    .filter(({ what }) => what === 'organization')
    .map((line) => [line.organization_id, line.status]);
  return {
    isFound: since.length < lines.length,
    isKnown: !since.some(({ what }) => what === 'shared'),
    subjects: [...new Set(said.map(subjectOf))].sort(),
    statuses: Object.entries(Object.fromEntries(statuses)).sort(),
  };
}

test('a compacted ledger tells a copy of any age what the whole one did', () => {
  const file = temporaryFile();
  const write = (changes: readonly Omit<LedgerLine, 'at' | 'seq' | 'hash'>[], from: number) =>
    createLedgerFile(file).append(
      changes.map((each, index) => ({ ...each, at, seq: from + index, hash: 'x' })),
    );
  const ages = Array.from({ length: 32 }, (_, seq) => seq);
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.array(change, { maxLength: 10 }), (early, late) => {
      rmSync(`${file}.ledger`, { force: true });
      createLedgerFile(file).append([begun]);
      write(early, 1);
      const newest = createLedgerFile(file).newest();
      const before = ages.map((age) => toldSince(file, age));
      createLedgerFile(file).compact();
      expect(ages.map((age) => toldSince(file, age))).toEqual(before);
      expect(createLedgerFile(file).newest()).toMatchObject({ what: newest?.what, seq: newest?.seq });
      // What comes later supersedes what was kept.
      write(late, 1 + early.length);
      const both = ages.map((age) => toldSince(file, age));
      createLedgerFile(file).compact();
      createLedgerFile(file).compact();
      expect(ages.map((age) => toldSince(file, age))).toEqual(both);
    }),
    { numRuns: 60 },
  );
});

test('an older store that comes back is told the same by a compacted ledger', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  const made: KeyRecord[] = [];
  for (let count = 0; count < 3; count += 1)
    made.push(await mint(store, organization.id, newKey(organization.id)));
  const [revoked = defaultKey, changed = defaultKey] = made;
  await revokeKey(store, revoked);
  await store.close();
  copyFileSync(store.file, `${store.file}.copy`);
  const later = openTemporary(store.file);
  await revokeKey(later, changed);
  for (let count = 0; count < 50; count += 1)
    await changeKey(later, defaultKey, { purpose: `purpose ${count}` });
  await later.close();
  const before = statSync(`${store.file}.ledger`).size;
  createLedgerFile(store.file).compact();
  expect(statSync(`${store.file}.ledger`).size).toBeLessThan(before / 5);
  expect(statSync(`${store.file}.ledger`).mode & 0o777).toBe(0o600);
  expect(openTemporary(store.file).recoveryReport).toBeNull();
  copyFileSync(`${store.file}.copy`, store.file);
  const back = openTemporary(store.file);
  expect(back.recoveryReport).toEqual({
    coverage: 'whole',
    revoked: 1,
    withdrawn: 0,
    held: 1,
    organizations: 0,
  });
  const states = await Promise.all(
    [revoked, changed, defaultKey].map(({ id }) => back.keys.get(organization.id, id)),
  );
  expect(states.map((key) => [key?.revokedBy, key?.heldAtMs !== null])).toEqual([
    ['ann', false],
    ['ann', false],
    [null, true],
  ]);
});

test('a ledger that only told of keys that were made opens no bootstrap for a new store', async () => {
  const store = await openSettled();
  await provision(store);
  await store.close();
  createLedgerFile(store.file).compact();
  expect(ledgerLines(store.file).map(({ what }) => what)).toEqual(['begun', 'minted']);
  rmSync(store.file);
  const anew = openTemporary(store.file);
  expect(await anew.organizations.isBootstrapOpen()).toBe(false);
});

test('it is compacted as it grows, and again only when it has grown once more', async () => {
  const file = temporaryFile();
  const ledger = createLedgerFile(file, 4096);
  ledger.append([begun]);
  const sizes: number[] = [];
  for (let seq = 1; seq <= 200; seq += 1) {
    ledger.append([{ what: 'changed', key_id: `key_${seq % 20}`, at, seq, hash: 'x' }]);
    sizes.push(statSync(`${file}.ledger`).size);
  }
  expect(Math.max(...sizes)).toBeLessThan(8192);
  const shrunk = sizes.filter((size, index) => size < (sizes[index - 1] ?? 0));
  expect(shrunk.length).toBeGreaterThan(1);
  expect(shrunk.length).toBeLessThan(10);
  // Another process that opens it knows from its first line.
  expect(createLedgerFile(file, 4096).isLong()).toBe(false);
  expect(ledgerLines(file)[0]).toMatchObject({
    what: 'begun',
    ledger: 'ab',
    compacted_bytes: expect.any(Number),
  });
});

test('a long one is compacted when the store is opened', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store);
  await store.close();
  prefill(store.file, defaultKey);
  const before = statSync(`${store.file}.ledger`).size;
  expect(openTemporary(store.file).recoveryReport).toBeNull();
  expect(statSync(`${store.file}.ledger`).size).toBeLessThan(before / 20);
});

test('processes that change the store together lose no line to a compaction', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store);
  await store.close();
  prefill(store.file, defaultKey);
  const row = auditRow(null);
  await runTogether(
    ['a', 'b', 'c', 'd'].map(
      (externalId) => ({ do: 'provision', file: store.file, externalId, times: 4, auditRow: row }) as const,
    ),
  );
  expect(statSync(`${store.file}.ledger`).size).toBeLessThan(100_000);
  const keys = openForeign(store.file)
    .prepare('SELECT id FROM keys WHERE id <> ?')
    .pluck()
    .all(defaultKey.id);
  expect(keys).toHaveLength(4);
  const minted = ledgerLines(store.file).flatMap(({ what, key_id }) => (what === 'minted' ? [key_id] : []));
  // A compaction may leave out that one was made, but for the newest line.
  expect(keys).toEqual(expect.arrayContaining(minted));
  expect(openTemporary(store.file).recoveryReport).toBeNull();
});

/** So many changes of one key that the ledger is long. */
function prefill(file: string, { id }: KeyRecord): void {
  const { seq, hash } = ledgerLines(file).at(-1) ?? begun;
  const line = `${JSON.stringify({ what: 'changed', key_id: id, at, seq, hash })}\n`;
  appendFileSync(`${file}.ledger`, line.repeat(Math.ceil((2 * 1024 * 1024) / line.length)));
}

test('one that cannot be compacted says all that it did, and stops nobody', async () => {
  const file = temporaryFile();
  mkdirSync(`${file}.ledger.compacting/kept`, { recursive: true });
  const ledger = createLedgerFile(file, 1024);
  for (let seq = 1; seq <= 30; seq += 1)
    ledger.append([{ what: 'changed', key_id: 'key_1', at, seq, hash: 'x' }]);
  expect(ledgerLines(file)).toHaveLength(31);
  rmSync(`${file}.ledger.compacting`, { recursive: true });
});

test('what a compaction that was cut off left behind is in nobody’s way', async () => {
  const file = temporaryFile();
  writeFileSync(`${file}.ledger.compacting`, 'half a li');
  const ledger = createLedgerFile(file);
  ledger.append([begun, { what: 'revoked', key_id: 'key_1', at, seq: 1, hash: 'x' }]);
  appendFileSync(`${file}.ledger`, '{"what":"revo');
  ledger.compact();
  expect(ledgerLines(file).map(({ what }) => what)).toEqual(['begun', 'revoked']);
  expect(existsSync(`${file}.ledger.compacting`)).toBe(false);
});

test('lines are read whatever their length, and wherever a chunk ends', () => {
  const file = temporaryFile();
  const ledger = createLedgerFile(file);
  const long = 'x'.repeat(65_530);
  const texts = [
    JSON.stringify(begun),
    'y'.repeat(300_000),
    '',
    'é'.repeat(40_000),
    'not JSON',
    JSON.stringify({ ...begun, what: 'settled', by: long.slice(0, 60_000) }),
  ];
  writeFileSync(`${file}.ledger`, texts.map((text) => `${text}\n`).join(''));
  expect([...ledger.fromEnd()].map((line) => line?.what)).toEqual([
    'settled',
    undefined,
    undefined,
    undefined,
    undefined,
    'begun',
  ]);
  for (let length = 65_500; length < 65_560; length += 1) {
    writeFileSync(
      `${file}.ledger`,
      `${JSON.stringify(begun)}\n${' '.repeat(length)}\n${JSON.stringify(begun)}\n{"torn`,
    );
    expect([...ledger.fromEnd()].map((line) => line?.what)).toEqual(['begun', undefined, 'begun']);
  }
  ledger.append([{ ...begun, what: 'settled' }]);
  expect(readFileSync(`${file}.ledger`, 'utf8')).not.toContain('torn');
  writeFileSync(`${file}.ledger`, `${'z'.repeat(200_000)}`);
  expect([...ledger.fromEnd()]).toEqual([]);
  ledger.append([begun]);
  expect(ledgerLines(file)).toHaveLength(1);
});
