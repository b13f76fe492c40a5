import { appendFileSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { backupStore } from '../../db/sqlite/recovery/backup.ts';
import { createLedgerFile } from '../../db/sqlite/recovery/ledger-file.ts';
import { newGroupId, newKeyId, newOrganizationId, newUserId } from '../../src/ids.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import type { GroupAddress } from '../../src/members/group-store.ts';
import type { MemberAddress } from '../../src/members/member-store.ts';
import type { Store } from '../../src/store/store.ts';
import {
  auditRow,
  canonicalScopes,
  mint,
  newKey,
  provision,
  provisionHost,
  START_MS,
} from './contract/fixtures.ts';
import { changeKey, revokeKey } from './contract/key-changes.ts';
import { ledgerLines, openForeign, openSettled, openTemporary, temporaryFile } from './temporary-store.ts';

/** A store as it was when `keep` ran, put back by somebody who copies files. */
async function rollBack(prepare: (store: Store, file: string) => Promise<void>, since: typeof prepare) {
  const file = temporaryFile();
  const store = openTemporary(file);
  await store.organizations.ensureCanonicalSet(canonicalScopes, START_MS);
  await prepare(store, file);
  await store.close();
  copyFileSync(file, `${file}.copy`);
  const later = openTemporary(file);
  await since(later, file);
  await later.close();
  copyFileSync(`${file}.copy`, file);
  const back = openTemporary(file);
  const rows = openForeign(file)
    .prepare('SELECT id, coalesce(revoked_by, held_at IS NOT NULL) FROM keys')
    .raw()
    .all() as [string, string | number][]; // What the statement selects.
  return { file, back, state: new Map(rows) };
}

test('a store that was copied back by hand is held against the ledger before anybody uses it', async () => {
  const made: KeyRecord[] = [];
  const { file, back, state } = await rollBack(
    async (store) => {
      const { organization } = await provision(store);
      for (let count = 0; count < 4; count += 1) {
        made.push(await mint(store, organization.id, newKey(organization.id)));
      }
    },
    async (store) => {
      const [revoked, changed] = made;
      if (revoked && changed) await revokeKey(store, revoked);
      if (changed) await changeKey(store, changed, { purpose: 'another' });
    },
  );
  expect(back.recoveryReport).toEqual({
    coverage: 'whole',
    revoked: 1,
    withdrawn: 0,
    held: 1,
    organizations: 0,
  });
  expect(made.map(({ id }) => state.get(id))).toEqual(['ann', 1, 0, 0]);
  const [row] = await back.audit.listForOperator({}, { limit: 1 });
  expect(row).toMatchObject({ tier: 'system', target: 'store older than its ledger' });
  await back.close();
  expect(openTemporary(file).recoveryReport).toBeNull();
});

const twoKeys = async (store: Store): Promise<void> => {
  const { organization } = await provision(store);
  await mint(store, organization.id, newKey(organization.id));
};

test.each([
  ['is missing', (file: string) => rmSync(`${file}.ledger`), 'missing'],
  ['is of another store', (file: string) => foreignLedger(file), 'short'],
  ['is unreadable since', (file: string) => appendFileSync(`${file}.ledger`, 'what?\n'), 'short'],
  ['is of a newer program', (file: string) => appendFileSync(`${file}.ledger`, newerLine), 'short'],
] as const)('where the ledger %s, every key is held', async (_, spoil, coverage) => {
  const { back, state } = await rollBack(twoKeys, async (_store, file) => spoil(file));
  expect(back.recoveryReport).toMatchObject({ coverage, held: 2 });
  expect([...state.values()]).toEqual([1, 1]);
});

const newerLine = `${JSON.stringify({ what: 'shared', at: '2026-01-01T00:00:00Z', seq: 99, hash: 'x' })}\n`;

function foreignLedger(file: string): void {
  rmSync(`${file}.ledger`);
  const line = { what: 'begun', at: '2026-01-01T00:00:00Z', seq: 0, hash: '0'.repeat(64), ledger: 'ab' };
  createLedgerFile(file).append([line]);
}

test('a store from before there were ledgers keeps its keys and begins one', async () => {
  const store = await openSettled();
  await twoKeys(store);
  await store.close();
  rmSync(`${store.file}.ledger`);
  openForeign(store.file).prepare("DELETE FROM secrets WHERE name = 'ledger'").run();
  expect(openTemporary(store.file).recoveryReport).toBeNull();
  expect(ledgerLines(store.file)).toMatchObject([{ what: 'begun', seq: 2 }]);
});

test('a program that died between its line and its commit is taken to have meant it', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  await store.close();
  const row = { at: new Date(START_MS).toISOString(), seq: 2, hash: 'of no row' };
  createLedgerFile(store.file).append([{ what: 'revoked', key_id: defaultKey.id, ...row }]);
  const again = openTemporary(store.file);
  expect((await again.keys.get(organization.id, defaultKey.id))?.revokedAtMs).toBe(START_MS);
  await again.close();
  createLedgerFile(store.file).append([{ what: 'minted', key_id: newKeyId(START_MS), ...row }]);
  expect(openTemporary(store.file).recoveryReport).toBeNull();
  expect(ledgerLines(store.file).at(-1)).toMatchObject({ what: 'settled', seq: 2 });
});

test("what a person lost is not theirs again: their keys are held, and nobody else's", async () => {
  const by = { keyId: null, allow: () => undefined };
  const row = () => auditRow(null);
  let id = newOrganizationId(START_MS);
  const people: (MemberAddress & GroupAddress & { key: KeyRecord })[] = [];
  const { state } = await rollBack(
    async (store) => {
      id = (await provision(store)).organization.id;
      for (const name of [
        'deactivated',
        'left',
        'removed',
        'narrowed',
        'ungrouped',
        'deleted',
        'demoted',
        'same',
      ]) {
        const userId = newUserId(START_MS);
        const groupId = newGroupId(START_MS);
        const person = {
          userId,
          name,
          email: null,
          role: 'admin',
          active: true,
          createdAtMs: START_MS,
        } as const;
        await store.members.add(id, person, by, row);
        const group = { id: groupId, name, permissions: ['a'], createdAtMs: START_MS };
        await store.members.groups.create(id, group, by, row);
        await store.members.groups.addMember({ organizationId: id, groupId }, userId, by, row);
        const key = await mint(store, id, newKey(id, { scopeType: 'user', userId }));
        people.push({ key, organizationId: id, userId, groupId });
      }
    },
    async ({ members }) => {
      const [deactivated, left, removed, narrowed, ungrouped, deleted, demoted, same] = people;
      if (!deactivated || !left || !removed || !narrowed || !ungrouped || !deleted || !demoted || !same)
        return;
      await members.change(deactivated, by, () => ({ active: false }), row);
      await members.groups.removeMember(left, left.userId, by, row);
      await members.remove(removed, by, row);
      await members.groups.change(narrowed, by, () => ({ permissions: [] }), row);
      await members.groups.delete(ungrouped, by, row);
      await members.deleteUser(deleted, START_MS, by, row);
      await members.change(demoted, by, () => ({ role: 'member' }), row);
      await members.groups.change(same, by, () => ({ name: 'another name' }), row);
    },
  );
  expect(people.map(({ key }) => state.get(key.id))).toEqual([1, 1, 1, 1, 1, 'restore', 1, 0]);
});

test('a key of a person who was deleted since is shown to nobody again, also where it was revoked before', async () => {
  const by = { keyId: null, allow: () => undefined };
  const userId = newUserId(START_MS);
  const row = () => auditRow(null);
  const made: KeyRecord[] = [];
  const { back } = await rollBack(
    async (store) => {
      const { id } = (await provision(store)).organization;
      const person = { userId, name: 'Ann', email: null, role: 'admin', active: true, createdAtMs: START_MS };
      await store.members.add(id, { ...person, role: 'admin' }, by, row);
      for (let count = 0; count < 2; count += 1)
        made.push(await mint(store, id, newKey(id, { scopeType: 'user', userId })));
      if (made[0]) await revokeKey(store, made[0]);
    },
    async ({ members }) => {
      const [{ organizationId }] = made as [KeyRecord];
      if (organizationId !== null) await members.deleteUser({ organizationId, userId }, START_MS, by, row);
    },
  );
  expect(back.recoveryReport).toMatchObject({ coverage: 'whole', revoked: 2 });
  for (const { id, organizationId } of made)
    expect(await back.keys.get(organizationId ?? 'operator', id)).toBeUndefined();
});

test('an organisation that was deleted or suspended since is so again; one that was resumed is left', async () => {
  const made: KeyRecord[] = [];
  const setStatus = async (store: Store, place: number, status: 'active' | 'suspended' | 'deleted') => {
    const id = made[place]?.organizationId;
    if (id) await store.organizations.setStatus(id, status, START_MS, () => auditRow(id));
  };
  const { back, state } = await rollBack(
    async (store) => {
      for (let count = 0; count < 4; count += 1) made.push((await provision(store)).defaultKey);
      await setStatus(store, 3, 'suspended');
    },
    async (store) => {
      await setStatus(store, 0, 'deleted');
      await setStatus(store, 1, 'suspended');
      await setStatus(store, 2, 'suspended');
      await setStatus(store, 2, 'active');
      await setStatus(store, 3, 'active');
    },
  );
  const statuses = (await back.organizations.list({ limit: 100 })).map(({ status }) => status);
  expect(statuses).toEqual(['deleted', 'suspended', 'active', 'suspended']);
  expect(made.map(({ id }) => state.get(id))).toEqual(['organization-deleted', 0, 0, 0]);
  expect(back.recoveryReport).toEqual({
    coverage: 'whole',
    revoked: 1,
    withdrawn: 0,
    held: 0,
    organizations: 2,
  });
});

test('what is granted and withdrawn is in the ledger; an older copy holds the key', async () => {
  const opened = await openSettled();
  const store = { ...opened, ...(await provisionHost(opened)) };
  const copy = `${store.file}.copy`;
  writeFileSync(copy, '');
  await backupStore(store.file, copy);
  const { id } = store.organization;
  const row = () => auditRow(null);
  const withdrawn = await store.keys.changeGrants(store.host.id, START_MS, { add: [], withdraw: [id] }, row);
  expect(withdrawn).toEqual([]);
  expect(ledgerLines(store.file).at(-1)).toMatchObject({
    what: 'withdrawn',
    key_id: store.host.id,
    organization_id: id,
  });
  await store.close();
  for (const suffix of ['-wal', '-shm']) rmSync(store.file + suffix, { force: true });
  copyFileSync(copy, store.file);
  const older = openTemporary(store.file);
  expect(older.recoveryReport).toMatchObject({ coverage: 'whole', held: 1, withdrawn: 1 });
  expect(await older.keys.findGrant(store.host.id, id)).toBeUndefined();
  expect((await older.keys.get('operator', store.host.id))?.heldAtMs).not.toBeNull();
});
