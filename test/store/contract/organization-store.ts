import { expect, test } from 'vitest';
import { newKeyId, newOrganizationId } from '../../../src/ids.ts';
import { isLive } from '../../../src/keys/key-record.ts';
import { auditRow, byOperator, canonicalScopes, mint, newKey, provision, START_MS } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

export function organizationStoreContract({ openStore, openEmptyStore }: StoreOpeners): void {
  test('an organisation, its default key and the audit row arrive together', async () => {
    const store = await openStore();
    const { organization, defaultKey } = await provision(store, 'acme-1');
    expect(await store.organizations.get(organization.id)).toEqual(organization);
    expect(organization.externalId).toBe('acme-1');
    expect(await store.keys.get(organization.id, defaultKey.id)).toEqual(defaultKey);
    expect(await store.audit.list(organization.id, {}, { limit: 10 })).toHaveLength(1);
  });

  test('where the key or the audit row fails, there is no organisation either', async () => {
    const store = await openStore();
    const { defaultKey } = await provision(store, 'first');
    const before = await store.everything();
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
    await expect(store.organizations.provision('bolt', foreign, () => auditRow(id))).rejects.toThrow(
      'another',
    );
    expect(await store.everything()).toBe(before);
  });

  test('an external id that differs in its case alone finds the organisation that has it, and makes nothing', async () => {
    const store = await openStore();
    const { organization } = await provision(store, 'Acme-1');
    const before = await store.everything();
    for (const other of ['acme-1', 'ACME-1'])
      await expect(provision(store, other)).rejects.toThrow('there already');
    expect(await store.everything()).toBe(before);
    await provision(store, 'acme-2');
    await provision(store, 'acme_1');
    // No wildcard: `_` is itself alone.
    await provision(store, 'acme%1');
    expect(await store.organizations.get(organization.id)).toEqual(organization);
  });

  test('organisations without an external id are each their own', async () => {
    const store = await openStore();
    await provision(store);
    await provision(store);
    expect(await store.organizations.list({ limit: 100 })).toHaveLength(2);
  });

  test('organisations are listed a page at a time, the oldest first, deleted ones too', async () => {
    const store = await openStore();
    const made: string[] = [];
    for (let count = 0; count < 7; count += 1) made.push((await provision(store)).organization.id);
    const [first] = await store.organizations.list({ limit: 1 });
    if (first === undefined) throw new Error('there is none');
    await store.organizations.setStatus(first.id, 'deleted', START_MS, () => auditRow(first.id));
    const listed: string[] = [];
    for (const length of [3, 3, 1, 0]) {
      const page = await store.organizations.list({ limit: 3, afterId: listed.at(-1) });
      expect(page).toHaveLength(length);
      listed.push(...page.map(({ id }) => id));
    }
    expect(listed).toEqual([...made].sort());
    await expect(store.organizations.list({ limit: 1, afterId: 'x' })).rejects.toThrow('missing');
  });

  test("deleting an organisation revokes its keys and nobody else's, and it never comes back", async () => {
    const store = await openStore();
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
    const store = await openStore();
    const { organization, defaultKey } = await provision(store);
    const before = await store.everything();
    const failing = () => {
      throw new Error('no row today');
    };
    await expect(
      store.organizations.setStatus(organization.id, 'deleted', START_MS, failing),
    ).rejects.toThrow('no row today');
    expect(await store.everything()).toBe(before);
    expect((await store.keys.get(organization.id, defaultKey.id))?.revokedAtMs).toBeNull();
  });

  test('an organisation that does not exist has no status to set and no key to get', async () => {
    const store = await openStore();
    const nobody = newOrganizationId(START_MS);
    const setting = store.organizations.setStatus(nobody, 'suspended', START_MS, () => auditRow(nobody));
    expect(await setting).toBeUndefined();
    expect(await store.organizations.get(nobody)).toBeUndefined();
    expect(await store.keys.get(nobody, newKeyId(START_MS))).toBeUndefined();
    await expect(mint(store, nobody, newKey(nobody))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the canon has a new version for each change of the set, whatever its order', async () => {
    const { organizations } = await openEmptyStore();
    await expect(organizations.canon()).rejects.toThrow('make it first');
    expect(await organizations.ensureCanonicalSet(['a:read', 'b:read'], 1)).toEqual({
      version: 1,
      scopes: ['a:read', 'b:read'],
    });
    expect((await organizations.ensureCanonicalSet(['b:read', 'a:read', 'b:read'], 2)).version).toBe(1);
    expect((await organizations.ensureCanonicalSet(['a:read'], 3)).version).toBe(2);
    expect((await organizations.ensureCanonicalSet([], 4)).version).toBe(3);
    expect((await organizations.ensureCanonicalSet(['a:read', 'b:read'], 5)).version).toBe(4);
    expect(await organizations.canon()).toEqual({ version: 4, scopes: ['a:read', 'b:read'] });
  });

  test('a key is minted under the newest canon', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    await store.organizations.ensureCanonicalSet(['study:read'], START_MS);
    await store.keys.mint(
      organization.id,
      byOperator,
      ({ canon }) => {
        expect(canon).toEqual({ version: 2, scopes: ['study:read'] });
        return newKey(organization.id, { scopes: canonicalScopes });
      },
      () => auditRow(organization.id),
    );
  });
}
