import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { newGroupId, newUserId } from '../../../src/ids.ts';
import type { Actor } from '../../../src/members/actor.ts';
import type { Store } from '../../../src/store/store.ts';
import { auditRow, mint, newKey, START_MS } from './fixtures.ts';
import { group, operator, person, populate } from './people.ts';
import type { StoreOpeners } from './test-store.ts';

/** What a method is given; a test puts garbage, or a foreign id, in the place of one of them. */
type Arguments = Pick<Awaited<ReturnType<typeof populate>>, 'id' | 'userId' | 'groupId' | 'row' | 'newId'> & {
  readonly by: Actor;
};

const mutations: Record<string, (store: Store, given: Arguments) => Promise<unknown>> = {
  add: ({ members }, { id, newId, by, row }) => members.add(id, person({ userId: newId }), by, row),
  change: ({ members }, { id, userId, by, row }) =>
    members.change({ organizationId: id, userId }, by, () => ({ role: 'admin' }), row),
  remove: ({ members }, { id, userId, by, row }) => members.remove({ organizationId: id, userId }, by, row),
  deleteUser: ({ members }, { id, userId, by, row }) =>
    members.deleteUser({ organizationId: id, userId }, START_MS, by, row),
  'groups.create': ({ members }, { id, by, row }) => members.groups.create(id, group(), by, row),
  'groups.change': ({ members }, { id, groupId, by, row }) =>
    members.groups.change({ organizationId: id, groupId }, by, () => ({ permissions: ['all'] }), row),
  'groups.delete': ({ members }, { id, groupId, by, row }) =>
    members.groups.delete({ organizationId: id, groupId }, by, row),
  'groups.addMember': ({ members }, { id, groupId, userId, by, row }) =>
    members.groups.addMember({ organizationId: id, groupId }, userId, by, row),
  'groups.removeMember': ({ members }, { id, groupId, userId, by, row }) =>
    members.groups.removeMember({ organizationId: id, groupId }, userId, by, row),
};

const reads: typeof mutations = {
  get: ({ members }, { id, userId }) => members.get(id, userId),
  list: ({ members }, { id }) => members.list(id, { limit: 10 }),
  permissionsOf: ({ members }, { id, userId }) => members.permissionsOf(id, userId),
  'groups.get': ({ members }, { id, groupId }) => members.groups.get(id, groupId),
  'groups.list': ({ members }, { id }) => members.groups.list(id, { limit: 10 }),
};

const methods = { ...reads, ...mutations };

/** The ids that a method takes. */
function takenBy(name: string): readonly ('id' | 'newId' | 'userId' | 'groupId')[] {
  if (name === 'add') return ['id', 'newId'];
  if (/list$|create$/.test(name)) return ['id'];
  if (name.endsWith('Member')) return ['id', 'userId', 'groupId'];
  return name.startsWith('groups.') ? ['id', 'groupId'] : ['id', 'userId'];
}

const garbageFor = (real: string): readonly unknown[] => [
  ...[undefined, null, [real], { toString: () => real }, '', '*', '%', ` ${real}`, `${real}\n`],
  ...[real.toLowerCase(), `${real}' OR 1=1 --`, 42, true],
];

export function memberStoreContract({ openStore }: StoreOpeners): void {
  test('the table of methods misses none', async () => {
    const { members } = await openStore();
    const names = Object.entries(members).flatMap(([name, value]) =>
      name === 'groups' ? Object.keys(value).map((each) => `groups.${each}`) : [name],
    );
    expect(Object.keys(methods).sort()).toEqual(names.sort());
  });

  test.each(Object.entries(methods))(
    '%s with an id that is none throws and touches nothing',
    async (name, attempt) => {
      const store = await openStore();
      const given = { ...(await populate(store)), by: operator };
      await populate(store);
      const before = await store.everything();
      const complaints = {
        id: 'tenant context missing',
        newId: 'user missing',
        userId: 'user missing',
        groupId: 'group missing',
      };
      for (const field of takenBy(name)) {
        for (const value of garbageFor(given[field])) {
          // What no type lets through, a bug may.
          const wrong = { ...given, [field]: value as never };
          await expect(attempt(store, wrong), `${field} ${value}`).rejects.toThrow(complaints[field]);
        }
      }
      expect(await store.everything()).toBe(before);
    },
  );

  test.each(['list', 'groups.list'])('%s from a position that is none throws', async (name) => {
    const store = await openStore();
    const { id } = await populate(store);
    const list = name === 'list' ? store.members.list : store.members.groups.list;
    await expect(list(id, { limit: 1, beforeId: 'x' })).rejects.toThrow('missing');
  });

  test.each(Object.entries(mutations))(
    '%s and its audit row commit together or not at all',
    async (name, attempt) => {
      const store = await openStore();
      const given = { ...(await populate(store)), by: operator };
      // Not yet in the group, so that joining changes something.
      if (name === 'groups.addMember') {
        await store.members.groups.removeMember(
          { organizationId: given.id, groupId: given.groupId },
          given.userId,
          operator,
          given.row,
        );
      }
      const before = await store.everything();
      const failing = () => {
        throw new Error('no row today');
      };
      await expect(attempt(store, { ...given, row: failing })).rejects.toThrow('no row today');
      const unwritable = () => auditRow(given.id, { durationMs: Number.NaN });
      await expect(attempt(store, { ...given, row: unwritable })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      expect(await store.everything()).toBe(before);
      const count = async () => (await store.audit.list(given.id, {}, { limit: 100 })).length;
      const rows = await count();
      expect(await attempt(store, given)).toBeDefined();
      expect(await count()).toBe(rows + 1);
    },
  );

  test.each(Object.entries(mutations))(
    '%s asks first whether the key that asks still may',
    async (_, attempt) => {
      const store = await openStore();
      const given = await populate(store);
      const other = await populate(store);
      const before = await store.everything();
      const refusal = new AppError('INVALID_TOKEN');
      const seen: unknown[] = [];
      for (const keyId of [given.defaultKey.id, other.defaultKey.id, null]) {
        const by: Actor = {
          keyId,
          allow(key) {
            seen.push(key);
            throw refusal;
          },
        };
        await expect(attempt(store, { ...given, by })).rejects.toBe(refusal);
      }
      expect(seen).toEqual([{ ...given.defaultKey, ownerRole: null, successor: null }, null, null]);
      const forgotten = { keyId: undefined as never, allow: () => {} };
      await expect(attempt(store, { ...given, by: forgotten })).rejects.toThrow('key missing');
      expect(await store.everything()).toBe(before);
    },
  );

  test('what belongs to another organisation is as unknown as what does not exist', async () => {
    const store = await openStore();
    const ours = await populate(store);
    const theirs = await populate(store);
    const before = await store.everything();
    const unknown = { userId: newUserId(START_MS), groupId: newGroupId(START_MS) };
    for (const [name, attempt] of Object.entries(methods)) {
      if (/add$|list$|create$/.test(name)) continue;
      for (const other of [theirs, unknown]) {
        const { userId, groupId } = other;
        const given = { ...ours, by: operator };
        expect(await attempt(store, { ...given, userId, groupId }), name).toBeUndefined();
        if (!name.endsWith('Member')) continue;
        const halves = [
          { userId, groupId: ours.groupId },
          { userId: ours.userId, groupId },
        ];
        for (const half of halves) expect(await attempt(store, { ...given, ...half }), name).toBeUndefined();
      }
    }
    expect(await store.everything()).toBe(before);
    expect((await store.members.list(ours.id, { limit: 10 })).map(({ userId }) => userId)).toEqual([
      ours.userId,
    ]);
    expect((await store.members.groups.list(ours.id, { limit: 10 })).map(({ id }) => id)).toEqual([
      ours.groupId,
    ]);
  });

  test('permissions are those of all groups together, and of this moment, for every process', async () => {
    const store = await openStore();
    const elsewhere = await store.openAgain();
    const { id, userId, groupId, row } = await populate(store, 'ada@example.org');
    const foreign = await populate(store);
    const same = person({ email: 'ada@example.org' });
    const { userId: theirs } = await store.members.add(foreign.id, same, operator, foreign.row);
    const { groups } = store.members;
    const theirGroup = { organizationId: foreign.id, groupId: foreign.groupId };
    await groups.addMember(theirGroup, theirs, operator, foreign.row);
    const secret = { permissions: ['secret'] };
    await groups.change(theirGroup, operator, () => secret, foreign.row);
    await groups.create(id, group({ permissions: ['not theirs'] }), operator, row);
    const standing = () => elsewhere.members.permissionsOf(id, userId);

    expect(await standing()).toEqual({ role: 'member', active: true, permissions: ['read'] });
    const made = await groups.create(id, group({ permissions: ['read', 'write', '"; --'] }), operator, row);
    const second = { organizationId: id, groupId: made.id };
    await groups.addMember(second, userId, operator, row);
    expect([...((await standing())?.permissions ?? [])].sort()).toEqual(['"; --', 'read', 'write']);
    await groups.change(second, operator, () => ({ permissions: ['write'] }), row);
    await groups.delete({ organizationId: id, groupId }, operator, row);
    expect((await standing())?.permissions).toEqual(['write']);
    await groups.removeMember(second, userId, operator, row);
    expect((await standing())?.permissions).toEqual([]);
    const change = { role: 'admin', active: false } as const;
    await store.members.change({ organizationId: id, userId }, operator, () => change, row);
    expect(await standing()).toEqual({ ...change, permissions: [] });
    await store.members.remove({ organizationId: id, userId }, operator, row);
    expect(await standing()).toBeUndefined();
    expect((await elsewhere.members.permissionsOf(foreign.id, theirs))?.permissions).toEqual(['secret']);
    expect(await elsewhere.members.permissionsOf(foreign.id, userId)).toBeUndefined();
  });

  test('a deleted person is gone with their keys, and another person with the address elsewhere is not', async () => {
    const store = await openStore();
    const ours = await populate(store, 'ada@example.org');
    const theirs = await populate(store);
    const same = person({ email: 'ada@example.org', name: 'Other' });
    const elsewhere = await store.members.add(theirs.id, same, operator, theirs.row);
    expect(elsewhere).toMatchObject({ name: 'Other' });
    expect(elsewhere.userId).not.toBe(ours.userId);
    const key = await mint(
      store,
      ours.id,
      newKey(ours.id, { scopeType: 'user', userId: ours.userId, name: 'own' }),
    );

    const deleted = await store.members.deleteUser(
      { organizationId: ours.id, userId: ours.userId },
      START_MS,
      operator,
      (id) => auditRow(id, { change: `gone from ${id}` }),
    );
    expect(deleted).toMatchObject({ member: { userId: ours.userId }, organizations: [ours.id] });
    expect(await store.members.permissionsOf(ours.id, ours.userId)).toBeUndefined();
    expect((await store.audit.list(ours.id, {}, { limit: 1 }))[0]?.change).toBe(`gone from ${ours.id}`);
    expect(await store.keys.get(ours.id, key.id)).toBeUndefined();
    expect(await store.keys.get(ours.id, ours.defaultKey.id)).toEqual(ours.defaultKey);
    expect((await store.members.groups.get(ours.id, ours.groupId))?.members).toEqual([]);
    expect(await store.members.permissionsOf(theirs.id, elsewhere.userId)).toBeDefined();
    const next = await store.members.add(ours.id, person({ email: 'ada@example.org' }), operator, ours.row);
    expect(next.userId).not.toBe(ours.userId);
  });

  test('a deleted or unknown organisation gets nobody and nothing new', async () => {
    const store = await openStore();
    const { id, row } = await populate(store);
    await store.organizations.setStatus(id, 'deleted', START_MS, row);
    const before = await store.everything();
    const adding = store.members.add(id, person(), operator, row);
    await expect(adding).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const creating = store.members.groups.create(id, group(), operator, row);
    await expect(creating).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await store.everything()).toBe(before);
  });
}
