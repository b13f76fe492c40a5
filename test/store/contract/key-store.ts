import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { newKeyId } from '../../../src/ids.ts';
import type { MintFacts } from '../../../src/keys/key-store.ts';
import {
  auditRow,
  byOperator,
  canonicalScopes,
  format,
  mint,
  newKey,
  provision,
  START_MS,
} from './fixtures.ts';
import { known } from './key-changes.ts';
import type { StoreOpeners } from './test-store.ts';

export function keyStoreContract({ openStore }: StoreOpeners): void {
  test('a key is found by its hash with its organisation, and not by any other hash', async () => {
    const store = await openStore();
    const { organization, defaultKey, hash } = await provision(store, 'acme-1');
    expect(await store.keys.find(hash)).toEqual({ key: known(defaultKey), organization });
    expect(await store.keys.find(format.generate().hash)).toBeUndefined();
    await expect(store.keys.find(hash.subarray(1))).rejects.toThrow('32 bytes');
  });

  test('every field of a key comes back as it was made', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const made = newKey(organization.id, {
      restrictions: { tools: ['whoami'], addresses: ['10.0.0.0/8'] },
      purpose: 'nightly export',
      expiresAtMs: START_MS + 1,
      graceUntilMs: START_MS + 2,
      replaces: newKeyId(START_MS),
      replacedBy: newKeyId(START_MS),
      scopes: [],
    });
    expect(await mint(store, organization.id, made)).toEqual(made.key);
    expect(await store.keys.get(organization.id, made.key.id)).toEqual(made.key);
  });

  test('a revocation through one store is seen by the next find of another', async () => {
    const store = await openStore();
    const other = await store.openAgain();
    const { organization, defaultKey, hash } = await provision(store);
    for (let round = 0; round < 50; round += 1) {
      const revokedAtMs = round % 2 === 0 ? START_MS + round : null;
      await store.keys.change(
        { keyspace: organization.id, keyId: defaultKey.id },
        null,
        () => ({ revokedAtMs }),
        () => auditRow(organization.id),
      );
      expect((await other.keys.find(hash))?.key.revokedAtMs).toBe(revokedAtMs);
    }
  });

  test('the facts of a minting are the live keys, the default key, the actor and the canon of now', async () => {
    const store = await openStore();
    const other = await provision(store);
    const { organization, defaultKey } = await provision(store);
    const ended = [{ revokedAtMs: 1 }, { expiresAtMs: START_MS }, { graceUntilMs: START_MS }];
    for (const traits of [...ended, { expiresAtMs: START_MS + 1 }]) {
      await mint(store, organization.id, newKey(organization.id, traits));
    }
    const facts: MintFacts[] = [];
    const look = (actor: typeof defaultKey.id | null) =>
      store.keys.mint(
        organization.id,
        { ...byOperator, actor },
        (seen) => {
          facts.push(seen);
          throw new AppError('INVALID_TOKEN');
        },
        () => auditRow(organization.id),
      );
    for (const actor of [null, defaultKey.id, other.defaultKey.id]) {
      await expect(look(actor)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    }
    const same = {
      activeUser: null,
      keys: { live: 2 },
      defaultKey,
      canon: { version: 1, scopes: canonicalScopes },
    };
    expect(facts).toEqual(
      [null, { ...defaultKey, ownerRole: null, successor: null }, null].map((actor) => ({ ...same, actor })),
    );
  });

  test('a new default key takes the place of the old one', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const made = newKey(organization.id, { isDefault: true });
    await mint(store, organization.id, { ...made, demotes: defaultKey.id });
    expect(await store.keys.get(organization.id, defaultKey.id)).toEqual({ ...defaultKey, isDefault: false });
    expect(await store.keys.get(organization.id, made.key.id)).toEqual(made.key);
  });

  test('an organisation never has two default keys, even where a decision forgets the old one', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const before = await store.everything();
    const second = mint(store, organization.id, newKey(organization.id, { isDefault: true }));
    await expect(second).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.everything()).toBe(before);
  });

  test.each(['prefix', 'hash'] as const)(
    'where the %s is taken, the decision is made anew',
    async (taken) => {
      const store = await openStore();
      const { organization, defaultKey, hash } = await provision(store);
      const decided: string[] = [];
      const key = await store.keys.mint(
        organization.id,
        byOperator,
        ({ defaultKey: current }) => {
          // Each attempt begins with the rows as they were, not with what the last one left.
          expect(current).toEqual(defaultKey);
          const traits = decided.length === 0 && taken === 'prefix' ? { prefix: defaultKey.prefix } : {};
          const made = newKey(organization.id, { ...traits, isDefault: true });
          decided.push(made.key.id);
          const demotes = defaultKey.id;
          return { ...made, demotes, hash: decided.length === 1 && taken === 'hash' ? hash : made.hash };
        },
        (minted) => auditRow(organization.id, { change: minted.id }),
      );
      expect(decided).toEqual([expect.any(String), key.id]);
      const rows = await store.audit.list(organization.id, {}, { limit: 10 });
      expect(rows.map((row) => row.change)).toEqual([key.id, expect.stringContaining('provisioned')]);
    },
  );

  test('a prefix that stays taken is given up after five decisions', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const before = await store.everything();
    let decisions = 0;
    const minting = store.keys.mint(
      organization.id,
      byOperator,
      () => {
        decisions += 1;
        return newKey(organization.id, { prefix: defaultKey.prefix });
      },
      () => auditRow(organization.id),
    );
    await expect(minting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(decisions).toBe(5);
    expect(await store.everything()).toBe(before);
  });

  test('a key whose audit row fails is neither minted nor changed', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const address = { keyspace: organization.id, keyId: defaultKey.id };
    const before = await store.everything();
    const failing = () => {
      throw new Error('no row today');
    };
    const made = newKey(organization.id);
    const minting = store.keys.mint(organization.id, byOperator, () => made, failing);
    await expect(minting).rejects.toThrow('no row today');
    const revoke = () => ({ revokedAtMs: START_MS });
    await expect(store.keys.change(address, null, revoke, failing)).rejects.toThrow('no row today');
    const unwritable = () => auditRow(organization.id, { durationMs: Number.NaN });
    await expect(store.keys.change(address, null, revoke, unwritable)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await store.everything()).toBe(before);
    await mint(store, organization.id, made);
  });

  test('a refusal by the decision passes unchanged and leaves nothing', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const address = { keyspace: organization.id, keyId: defaultKey.id };
    const before = await store.everything();
    const refusal = new AppError('SCOPE_ESCALATION');
    const refuse = () => {
      throw refusal;
    };
    const row = () => auditRow(organization.id);
    await expect(store.keys.mint(organization.id, byOperator, refuse, row)).rejects.toBe(refusal);
    await expect(store.keys.change(address, null, refuse, row)).rejects.toBe(refusal);
    expect(await store.everything()).toBe(before);
  });

  test('a change sees the key and the actor, touches what it names, and null touches nothing', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const target = await mint(store, organization.id, newKey(organization.id));
    const address = { keyspace: organization.id, keyId: target.id };
    const row = () => auditRow(organization.id);
    const before = await store.everything();
    const kept = await store.keys.change(address, defaultKey.id, () => null, row);
    expect(kept).toEqual(target);
    expect(await store.everything()).toBe(before);
    const revocation = { revokedAtMs: START_MS, revokedBy: defaultKey.prefix };
    const changed = await store.keys.change(
      address,
      defaultKey.id,
      (key, actor) => {
        expect([key, actor]).toEqual([target, { ...defaultKey, ownerRole: null, successor: null }]);
        return revocation;
      },
      row,
    );
    expect(changed).toEqual({ ...target, ...revocation });
    expect(await store.keys.get(organization.id, target.id)).toEqual(changed);
    expect(await store.keys.get(organization.id, defaultKey.id)).toEqual(defaultKey);
  });

  test('a key of another organisation is as unknown as one that does not exist', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const other = await provision(store);
    const before = await store.everything();
    const never = () => {
      throw new Error('decided on a foreign key');
    };
    for (const keyId of [other.defaultKey.id, newKeyId(START_MS)]) {
      expect(await store.keys.get(organization.id, keyId)).toBeUndefined();
      const changing = store.keys.change({ keyspace: organization.id, keyId }, null, never, () =>
        auditRow(organization.id),
      );
      expect(await changing).toBeUndefined();
    }
    await expect(mint(store, organization.id, newKey(other.organization.id))).rejects.toThrow('another');
    const taking = newKey(organization.id, { isDefault: false });
    await mint(store, organization.id, { ...taking, demotes: other.defaultKey.id });
    expect((await store.keys.get(other.organization.id, other.defaultKey.id))?.isDefault).toBe(true);
    expect(before).not.toContain(taking.key.id);
  });

  test('the last use only ever moves forward', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const lastUse = async () => {
      const key = await store.keys.get(organization.id, defaultKey.id);
      return [key?.lastUsedAtMs, key?.lastClient];
    };
    for (const [used, expected] of [
      [50, 50],
      [90, 90],
      [70, 90],
    ] as const) {
      await store.keys.noteUses(
        new Map([
          [defaultKey.id, { atMs: used, client: `client ${used}` }],
          [newKeyId(START_MS), { atMs: 1, client: null }],
        ]),
      );
      expect(await lastUse()).toEqual([expected, `client ${expected}`]);
    }
    await store.keys.noteUses(new Map());
  });
}
