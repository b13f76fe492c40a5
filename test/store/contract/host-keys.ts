import { expect, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { makeKey } from '../../../src/keys/policy/new-key.ts';
import { auditRow, byOperator, mint, newKey, provision, provisionHost, START_MS } from './fixtures.ts';
import { known } from './key-changes.ts';
import type { StoreOpeners } from './test-store.ts';

export function hostKeyContract({ openStore }: StoreOpeners): void {
  async function openWithHost() {
    const store = await openStore();
    return { ...store, ...(await provisionHost(store)) };
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
      await expect(store.keys.get(keyspace as never, store.host.id)).rejects.toThrow(
        'tenant context missing',
      );
    }
    for (const id of [undefined, null, '', 'operator', [store.organization.id]]) {
      await expect(store.keys.findGrant(store.host.id, id as never)).rejects.toThrow(
        'tenant context missing',
      );
    }
  });

  test('a key in a foreign keyspace, or with grants that only a host key has, is not made', async () => {
    const store = await openWithHost();
    const { id } = store.organization;
    const before = await store.everything();
    await expect(mint(store, id, newKey('operator', { scopeType: 'host' }))).rejects.toThrow(
      'another organisation',
    );
    await expect(mint(store, 'operator', newKey(id))).rejects.toThrow('another organisation');
    await expect(mint(store, id, { ...newKey(id), grants: [id] })).rejects.toThrow('only a host key');
    expect(await store.everything()).toBe(before);
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
    const first = await store.keys.mint(store.organization.id, byOperator, make, row);
    const second = await store.keys.mint('operator', byOperator, makeHost, row);
    expect(second.prefix).not.toBe(first.prefix);
    expect(calls).toBeGreaterThan(4);
  });

  test('a grant that is not made leaves nothing, and a deleted organisation is granted to nobody', async () => {
    const store = await openWithHost();
    const { id } = store.organization;
    const other = (await provision(store)).organization;
    const before = await store.everything();
    const failing = () => {
      throw new Error('no row today');
    };
    const change = (add: readonly (typeof id)[], row = () => auditRow(null)) =>
      store.keys.changeGrants(store.host.id, START_MS, { add, withdraw: [id] }, row);
    await expect(change([other.id], failing)).rejects.toThrow('no row today');
    expect(await store.everything()).toBe(before);
    await store.organizations.setStatus(other.id, 'deleted', START_MS, () => auditRow(other.id));
    await expect(change([other.id])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await store.keys.listGrants(store.host.id)).toEqual([id]);
    await store.organizations.setStatus(id, 'deleted', START_MS, () => auditRow(id));
    expect(await store.keys.listGrants(store.host.id)).toEqual([]);
    expect((await store.keys.findGrant(store.host.id, id))?.status).toBe('deleted');
  });
}
