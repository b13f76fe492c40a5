import { expect, test } from 'vitest';
import { newKeyId, newOrganizationId } from '../../src/ids.ts';
import { isLive } from '../../src/keys/key-record.ts';
import type { Provisioned } from '../../src/provisioning/provision.ts';
import { PROCESS_TEST_MS, runTogether } from './run-together.ts';
import {
  auditRow,
  canonicalScopes,
  everything,
  isLocked,
  mint,
  newKey,
  openForeign,
  openSettled,
  openTemporary,
  provision,
  START_MS,
  temporaryFile,
} from './temporary-store.ts';

test('100 provisions of one external id from four processes make one organisation and one key', {
  timeout: PROCESS_TEST_MS,
}, async () => {
  const store = await openSettled();
  const task = { do: 'provision', file: store.file, externalId: 'acme-1', times: 25 } as const;
  const answers = await runTogether(Array.from({ length: 4 }, () => ({ ...task, auditRow: auditRow(null) })));
  const provisioned = answers.flat() as Provisioned[];
  expect(provisioned).toHaveLength(100);
  expect(new Set(provisioned.map(({ organization }) => organization.id)).size).toBe(1);
  expect(provisioned.filter(({ defaultKey }) => defaultKey !== null)).toHaveLength(1);
  const database = openForeign(store.file);
  expect(database.prepare('SELECT count(*) FROM keys').pluck().get()).toBe(1);
  expect(database.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(1);
});

test('an organisation, its default key and the audit row arrive together', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store, 'acme-1');
  expect(await store.organizations.get(organization.id)).toEqual(organization);
  expect(organization.externalId).toBe('acme-1');
  expect(await store.keys.get(organization.id, defaultKey.id)).toEqual(defaultKey);
  expect(await store.audit.list(organization.id, {}, { limit: 10 })).toHaveLength(1);
});

test('where the key or the audit row fails, there is no organisation either', async () => {
  const store = await openSettled();
  const { defaultKey } = await provision(store, 'first');
  const before = everything(store.file);
  const id = newOrganizationId(START_MS);
  const organization = {
    id,
    name: 'Bolt',
    externalId: 'bolt',
    status: 'active',
    createdAtMs: START_MS,
  } as const;
  const failing = () => {
    throw new Error('no row today');
  };
  const make = () => ({ organization, defaultKey: newKey(id, { isDefault: true }) });
  await expect(store.organizations.provision('bolt', make, failing)).rejects.toThrow('no row today');
  const taken = () => ({ organization, defaultKey: newKey(id, { id: defaultKey.id }) });
  await expect(store.organizations.provision('bolt', taken, () => auditRow(id))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  const foreign = () => ({ organization, defaultKey: newKey(defaultKey.organizationId ?? 'operator') });
  await expect(store.organizations.provision('bolt', foreign, () => auditRow(id))).rejects.toThrow('another');
  expect(everything(store.file)).toBe(before);
});

test('organisations without an external id are each their own', async () => {
  const store = await openSettled();
  await provision(store);
  await provision(store);
  expect(await store.organizations.list()).toHaveLength(2);
});

test("deleting an organisation revokes its keys and nobody else's, and it never comes back", async () => {
  const store = await openSettled();
  const doomed = await provision(store, 'doomed');
  const other = await provision(store, 'other');
  const second = await mint(store, doomed.organization.id, newKey(doomed.organization.id));
  const { id } = doomed.organization;
  const setStatus = (status: 'active' | 'suspended' | 'deleted', nowMs = START_MS + 5) =>
    store.organizations.setStatus(id, status, nowMs, (changed) =>
      auditRow(changed.id, { change: JSON.stringify({ status: changed.status }) }),
    );
  expect(await setStatus('suspended')).toMatchObject({ id, status: 'suspended' });
  expect(await setStatus('active')).toMatchObject({ id, status: 'active' });
  expect(await setStatus('deleted')).toMatchObject({ id, status: 'deleted' });

  for (const keyId of [doomed.defaultKey.id, second.id]) {
    const revoked = { revokedAtMs: START_MS + 5, revokedBy: 'organization-deleted', isDefault: false };
    expect(await store.keys.get(id, keyId)).toMatchObject(revoked);
  }
  const found = await store.keys.find(doomed.hash);
  expect(found?.organization?.status).toBe('deleted');
  expect(found && isLive(found.key, START_MS + 5)).toBe(false);
  expect(await store.keys.get(other.organization.id, other.defaultKey.id)).toEqual(other.defaultKey);
  expect((await store.audit.list(id, {}, { limit: 1 }))[0]?.change).toBe('{"status":"deleted"}');

  expect(await setStatus('active')).toBeUndefined();
  expect(await setStatus('deleted', START_MS + 9)).toBeUndefined();
  await expect(mint(store, id, newKey(id))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(provision(store, 'doomed')).rejects.toThrow('there already');
  expect((await store.organizations.get(id))?.status).toBe('deleted');
});

test('a status whose audit row fails is not set', async () => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  const before = everything(store.file);
  const failing = () => {
    throw new Error('no row today');
  };
  await expect(store.organizations.setStatus(organization.id, 'deleted', START_MS, failing)).rejects.toThrow(
    'no row today',
  );
  expect(everything(store.file)).toBe(before);
  expect((await store.keys.get(organization.id, defaultKey.id))?.revokedAtMs).toBeNull();
});

test('an organisation that does not exist has no status to set and no key to get', async () => {
  const store = await openSettled();
  const nobody = newOrganizationId(START_MS);
  const setting = store.organizations.setStatus(nobody, 'suspended', START_MS, () => auditRow(nobody));
  expect(await setting).toBeUndefined();
  expect(await store.organizations.get(nobody)).toBeUndefined();
  expect(await store.keys.get(nobody, newKeyId(START_MS))).toBeUndefined();
  await expect(mint(store, nobody, newKey(nobody))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the canon has a new version for each change of the set, whatever its order', async () => {
  const { organizations } = openTemporary(temporaryFile());
  await expect(organizations.canon()).rejects.toThrow('settle it first');
  expect(await organizations.settleCanon(['a:read', 'b:read'], 1)).toEqual({
    version: 1,
    scopes: ['a:read', 'b:read'],
  });
  expect((await organizations.settleCanon(['b:read', 'a:read', 'b:read'], 2)).version).toBe(1);
  expect((await organizations.settleCanon(['a:read'], 3)).version).toBe(2);
  expect((await organizations.settleCanon([], 4)).version).toBe(3);
  expect((await organizations.settleCanon(['a:read', 'b:read'], 5)).version).toBe(4);
  expect(await organizations.canon()).toEqual({ version: 4, scopes: ['a:read', 'b:read'] });
});

test('a program that starts settles the canon although another one writes', {
  timeout: PROCESS_TEST_MS,
}, async () => {
  const file = temporaryFile();
  const store = openTemporary(file);
  const foreign = openForeign(file);
  const held = runTogether([{ do: 'hold', file, holdMs: 700 }]);
  while (!isLocked(foreign)) await new Promise((next) => setTimeout(next, 10));
  expect((await store.organizations.settleCanon(['a:read'], START_MS)).version).toBe(1);
  expect(await held).toEqual(['held']);
});

test('a key is minted under the newest canon', async () => {
  const store = await openSettled();
  const { organization } = await provision(store);
  await store.organizations.settleCanon(['study:read'], START_MS);
  await store.keys.mint(
    organization.id,
    null,
    START_MS,
    ({ canon }) => {
      expect(canon).toEqual({ version: 2, scopes: ['study:read'] });
      return newKey(organization.id, { scopes: canonicalScopes });
    },
    () => auditRow(organization.id),
  );
});
