import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY_MS, isLive, keyStatus, keyStatuses } from '../../src/keys/key-record.ts';
import { mint, newKey, openSettled, provision, START_MS } from './temporary-store.ts';

const anyStatus = { nowMs: START_MS, staleAfterMs: 90 * DAY_MS };

test('a listing judges each status as the program does', async () => {
  const store = await openSettled();
  const { organization } = await provision(store);
  const instant = fc.option(fc.integer({ min: START_MS - 5, max: START_MS + 5 }), { freq: 2 });
  const traits = fc.record({
    createdAtMs: fc.integer({ min: START_MS - 5, max: START_MS }),
    expiresAtMs: instant,
    graceUntilMs: instant,
    lastUsedAtMs: instant,
    revokedAtMs: fc.constantFrom(START_MS, null, null, null),
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
  const store = await openSettled();
  const { organization } = await provision(store);
  const other = await provision(store);
  for (let made = 0; made < 24; made += 1) {
    const scopeType = made < 5 ? 'user' : 'global';
    await mint(store, organization.id, newKey(organization.id, { scopeType, createdBy: `tnt_${made % 3}` }));
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
