import { expect, test } from 'vitest';
import { auditRow, mint, newKey, provision, provisionKnown, START_MS } from './fixtures.ts';
import { changeKey, revokeKey } from './key-changes.ts';
import type { StoreOpeners } from './test-store.ts';

export function findKeyContract({ openStore }: StoreOpeners): void {
  async function openKnown() {
    const store = await openStore();
    return { store, ...(await provisionKnown(store)) };
  }

  test('a key that was found before is found as it is now, whatever was changed and by whom', async () => {
    const { store, again, defaultKey, organization } = await openKnown();
    await changeKey(store, defaultKey, { name: 'renamed' });
    expect((await again())?.key.name).toBe('renamed');
    const other = await store.openAgain();
    await changeKey(other, defaultKey, { restrictions: { tools: ['whoami'] } });
    expect((await again())?.key.restrictions).toEqual({ tools: ['whoami'] });
    await other.organizations.setStatus(organization.id, 'suspended', START_MS, () =>
      auditRow(organization.id),
    );
    expect((await again())?.organization?.status).toBe('suspended');
    await revokeKey(other, defaultKey);
    expect((await again())?.key.revokedAtMs).not.toBeNull();
    await other.close();
  });

  test('a store that is closed answers nothing', async () => {
    const { store, again } = await openKnown();
    await store.close();
    await expect(again()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('a key that was looked for before it was made is found', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const made = newKey(organization.id);
    expect(await store.keys.find(made.hash)).toBeUndefined();
    await mint(store, organization.id, made);
    expect((await store.keys.find(made.hash))?.key.id).toBe(made.key.id);
  });

  test('questions that arrive together are answered each for itself, and a bad one fails alone', async () => {
    const { store, hash, defaultKey } = await openKnown();
    const { hash: otherHash, defaultKey: otherKey } = await provision(store, 'other');
    const [one, bad, two] = await Promise.allSettled([
      store.keys.find(hash),
      store.keys.find(hash.subarray(1)),
      store.keys.find(otherHash),
    ]);
    expect(one).toMatchObject({ value: { key: { id: defaultKey.id } } });
    expect(bad.status).toBe('rejected');
    expect(two).toMatchObject({ value: { key: { id: otherKey.id } } });
  });
}
