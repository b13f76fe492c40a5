import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { makeKey } from '../../src/keys/new-key.ts';
import { known, ledgerLines } from './key-changes.ts';
import {
  auditRow,
  everything,
  mint,
  newKey,
  openForeign,
  openSettled,
  openTemporary,
  provision,
  START_MS,
} from './temporary-store.ts';

async function openWithHost() {
  const store = await openSettled();
  const { organization } = await provision(store);
  const made = newKey('operator', { scopeType: 'host' });
  const host = await mint(store, 'operator', { ...made, grants: [organization.id] });
  return { ...store, organization, host, hash: made.hash };
}

test('a host key is the operator’s, and is found without an organisation', async () => {
  const store = await openWithHost();
  const { organization, host } = store;
  expect(await store.keys.find(store.hash)).toEqual({ key: known(host), organization: null });
  expect(await store.keys.findGrant(host.id, organization.id)).toEqual(organization);
  expect(await store.keys.get('operator', host.id)).toEqual(host);
  expect(await store.keys.get(organization.id, host.id)).toBeUndefined();
  const page = [{ nowMs: START_MS, staleAfterMs: 1e12 }, { limit: 9 }] as const;
  expect(await store.keys.list('operator', ...page)).toEqual([host]);
  expect((await store.keys.list(organization.id, ...page)).map(({ id }) => id)).not.toContain(host.id);
});

test('a keyspace that is not said, or is no keyspace, is a bug and selects nothing', async () => {
  const store = await openWithHost();
  for (const keyspace of [undefined, null, '', 'operators', 'OPERATOR', [], ['operator'], {}, 0]) {
    await expect(store.keys.get(keyspace as never, store.host.id)).rejects.toThrow('tenant context missing');
  }
  for (const id of [undefined, null, '', 'operator', [store.organization.id]]) {
    await expect(store.keys.findGrant(store.host.id, id as never)).rejects.toThrow('tenant context missing');
  }
});

test('the file itself lets no host key have an organisation, and no other key be without one', async () => {
  const store = await openWithHost();
  await store.close();
  const foreign = openForeign(store.file);
  for (const change of [
    `UPDATE keys SET organization_id = '${store.organization.id}' WHERE scope_type = 'host'`,
    `UPDATE keys SET organization_id = NULL WHERE scope_type = 'global'`,
    `UPDATE keys SET scope_type = 'host' WHERE scope_type = 'global'`,
    `UPDATE keys SET scope_type = 'global' WHERE scope_type = 'host'`,
  ]) {
    expect(() => foreign.exec(change)).toThrow('CHECK constraint failed: keys_host');
  }
});

test('a key in a foreign keyspace, or with grants that only a host key has, is not made', async () => {
  const store = await openWithHost();
  const { id } = store.organization;
  const before = everything(store.file);
  await expect(mint(store, id, newKey('operator', { scopeType: 'host' }))).rejects.toThrow(
    'another organisation',
  );
  await expect(mint(store, 'operator', newKey(id))).rejects.toThrow('another organisation');
  await expect(mint(store, id, { ...newKey(id), grants: [id] })).rejects.toThrow('only a host key');
  expect(everything(store.file)).toBe(before);
});

test('a prefix is one key’s alone, over all organisations and host keys: minting starts again', async () => {
  const store = await openWithHost();
  let calls = 0;
  // The first key that it makes has the bytes of the one before.
  const random = (bytes: number) => Buffer.alloc(bytes, Math.max(0, (calls++ >> 1) - 1) % 200);
  const format = createKeyFormat('tnt', { random });
  const traits = {
    name: 'x',
    scopes: [],
    scopeSource: 'explicit',
    canonicalVersion: null,
    owner: 'o',
    createdBy: 'cli',
    expiresAtMs: null,
  } as const;
  const make = () => makeKey(store.organization.id, { ...traits, scopeType: 'global' }, format, START_MS);
  const makeHost = () => makeKey('operator', { ...traits, scopeType: 'host' }, format, START_MS);
  const row = () => auditRow(null);
  const first = await store.keys.mint(store.organization.id, null, START_MS, make, row);
  const second = await store.keys.mint('operator', null, START_MS, makeHost, row);
  expect(second.prefix).not.toBe(first.prefix);
  expect(calls).toBeGreaterThan(4);
});

test('what is granted and withdrawn is in the ledger; an older copy holds the key', async () => {
  const store = await openWithHost();
  const copy = `${store.file}.copy`;
  writeFileSync(copy, '');
  await store.backup(copy);
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
  expect(older.reckoning).toMatchObject({ coverage: 'whole', held: 1, withdrawn: 1 });
  expect(await older.keys.findGrant(store.host.id, id)).toBeUndefined();
  expect((await older.keys.get('operator', store.host.id))?.heldAtMs).not.toBeNull();
});

test('a grant that is not made leaves nothing, and a deleted organisation is granted to nobody', async () => {
  const store = await openWithHost();
  const { id } = store.organization;
  const other = (await provision(store)).organization;
  const before = everything(store.file);
  const failing = () => {
    throw new Error('no row today');
  };
  const change = (add: readonly (typeof id)[], row = () => auditRow(null)) =>
    store.keys.changeGrants(store.host.id, START_MS, { add, withdraw: [id] }, row);
  await expect(change([other.id], failing)).rejects.toThrow('no row today');
  expect(everything(store.file)).toBe(before);
  await store.organizations.setStatus(other.id, 'deleted', START_MS, () => auditRow(other.id));
  await expect(change([other.id])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await store.keys.listGrants(store.host.id)).toEqual([id]);
  await store.organizations.setStatus(id, 'deleted', START_MS, () => auditRow(id));
  expect(await store.keys.listGrants(store.host.id)).toEqual([]);
  expect((await store.keys.findGrant(store.host.id, id))?.status).toBe('deleted');
});
