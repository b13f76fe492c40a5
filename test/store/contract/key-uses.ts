import { expect, test } from 'vitest';
import { createKeyUses } from '../../../src/keys/key-uses.ts';
import { mint, newKey, provision, START_MS } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

/** Keys whose last use is written in one transaction; there are more of them. */
const PORTION = 10;
const KEYS = 25;

export function keyUseContract({ openStore }: StoreOpeners): void {
  async function openUsed() {
    const store = await openStore();
    const { organization } = await provision(store);
    const made = Array.from({ length: KEYS }, () => newKey(organization.id));
    for (const each of made) await mint(store, organization.id, each);
    const uses = createKeyUses(store.keys, () => START_MS + 9, PORTION);
    for (const { key } of made) uses.note(key.id, 'a client');
    const lastUses = async () =>
      (await Promise.all(made.map(({ key }) => store.keys.get(organization.id, key.id)))).map(
        (key) => key?.lastUsedAtMs,
      );
    return { store, uses, made, lastUses };
  }

  test('the last use of every key is written, however many were used', async () => {
    const { uses, lastUses } = await openUsed();
    await uses.flush();
    expect(new Set(await lastUses())).toEqual(new Set([START_MS + 9]));
  });

  test('uses that could not be written are written the next time, and none is lost', async () => {
    const { store, made, lastUses } = await openUsed();
    const { noteUses } = store.keys;
    let times = 0;
    const failing = createKeyUses(
      {
        ...store.keys,
        noteUses: (portion) => {
          times += 1;
          return times === 2 ? Promise.reject(new Error('busy')) : noteUses(portion);
        },
      },
      () => START_MS + 9,
      PORTION,
    );
    for (const { key } of made) failing.note(key.id, null);
    await expect(failing.flush()).rejects.toThrow('busy');
    expect(new Set(await lastUses()).size).toBe(2);
    await failing.flush();
    expect(new Set(await lastUses())).toEqual(new Set([START_MS + 9]));
  });
}
