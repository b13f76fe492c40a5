import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newKeyId, newUserId } from '../../../src/ids.ts';
import { DAY_MS, isLive, keyStatus, keyStatuses } from '../../../src/keys/key-record.ts';
import { isWithin, type KeyReach } from '../../../src/keys/policy/key-reach.ts';
import { mint, newKey, provision, START_MS } from './fixtures.ts';
import { operator, person, populate } from './people.ts';
import type { StoreOpeners } from './test-store.ts';

const anyStatus = { nowMs: START_MS, staleAfterMs: 90 * DAY_MS };

export function keyListContract({ openStore }: StoreOpeners): void {
  test('a listing judges each status as the program does', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const instant = fc.option(fc.integer({ min: START_MS - 5, max: START_MS + 5 }), { freq: 2 });
    const traits = fc.record({
      createdAtMs: fc.integer({ min: START_MS - 5, max: START_MS }),
      expiresAtMs: instant,
      graceUntilMs: instant,
      lastUsedAtMs: instant,
      revokedAtMs: fc.constantFrom(START_MS, null, null, null),
      heldAtMs: fc.constantFrom(START_MS, null, null, null),
    });
    const keys = [await store.keys.list(organization.id, anyStatus, { limit: 1 })].flat();
    for (const made of fc.sample(traits, 300)) {
      keys.push(await mint(store, organization.id, newKey(organization.id, made)));
    }
    const staleAfterMs = 3;
    const seen = new Set<string>();
    for (const status of keyStatuses) {
      const filter = { nowMs: START_MS, staleAfterMs, status };
      const listed = await store.keys.list(organization.id, filter, { limit: 1000 });
      const expected = keys.filter((key) => keyStatus(key, START_MS, staleAfterMs / DAY_MS) === status);
      expect(listed.map((key) => key.id)).toEqual(
        expected
          .map((key) => key.id)
          .sort()
          .reverse(),
      );
      if (listed.length > 0) seen.add(status);
    }
    expect(seen.size).toBe(keyStatuses.length);
    const live = await store.keys.listCreatedBy(organization.id, 'cli', START_MS);
    expect(new Set(live)).toEqual(new Set(keys.filter((key) => isLive(key, START_MS))));
  });

  test("a listing shows its own organisation's keys page by page, newest first, and filters", async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const other = await provision(store);
    for (let made = 0; made < 24; made += 1) {
      const scopeType = made < 5 ? 'user' : 'global';
      await mint(
        store,
        organization.id,
        newKey(organization.id, { scopeType, createdBy: `tnt_${made % 3}` }),
      );
    }
    const listed: string[] = [];
    for (let beforeId: string | undefined; ; beforeId = listed.at(-1)) {
      const page = await store.keys.list(organization.id, anyStatus, { limit: 10, beforeId });
      if (page.length === 0) break;
      listed.push(...page.map((key) => key.id));
    }
    expect(listed).toHaveLength(25);
    expect(listed).toEqual([...listed].sort().reverse());
    const users = { ...anyStatus, scopeType: 'user' } as const;
    expect(await store.keys.list(organization.id, users, { limit: 100 })).toHaveLength(5);
    const ofUser = { ...anyStatus, userId: 'usr_01HZZZZZZZZZZZZZZZZZZZZZZZ' };
    expect(await store.keys.list(organization.id, ofUser, { limit: 100 })).toHaveLength(0);
    expect(await store.keys.listCreatedBy(organization.id, 'tnt_1', START_MS)).toHaveLength(8);
    expect(await store.keys.listCreatedBy(other.organization.id, 'tnt_1', START_MS)).toHaveLength(0);
    expect(await store.keys.list(other.organization.id, anyStatus, { limit: 100 })).toHaveLength(1);
  });

  test('a listing reaches the keys that the program says are within reach', async () => {
    const store = await openStore();
    const { id, row, userId } = await populate(store);
    const users = [userId];
    for (const _ of 'ab') users.push((await store.members.add(id, person(), operator, row)).userId);
    const keys = [...(await store.keys.list(id, anyStatus, { limit: 1 }))];
    for (const owner of fc.sample(fc.constantFrom(null, ...users), 30)) {
      keys.push(await mint(store, id, newKey(id, { userId: owner, scopeType: owner ? 'user' : 'global' })));
    }
    const reaches: KeyReach[] = [
      'all',
      ...[...users, newUserId(START_MS)].map((each) => ({ userId: each })),
      ...[...keys.map((key) => key.id), newKeyId(START_MS)].map((keyId) => ({ keyId })),
    ];
    for (const within of reaches) {
      const listed = await store.keys.list(id, { ...anyStatus, within }, { limit: 1000 });
      expect(new Set(listed)).toEqual(new Set(keys.filter((key) => isWithin(key, within))));
    }
  });
}
