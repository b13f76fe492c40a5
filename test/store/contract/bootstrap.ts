import { expect, test } from 'vitest';
import { newOrganizationId } from '../../../src/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import { auditRow, byOperator, mint, newKey, provision, START_MS } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

function bootstrap(store: Store) {
  const id = newOrganizationId(START_MS);
  return store.organizations.bootstrap(
    () => ({
      organization: { id, name: 'First', externalId: null, status: 'active', createdAtMs: START_MS },
      defaultKey: newKey(id, { isDefault: true }),
      managerKey: newKey(id),
    }),
    () => auditRow(id, { change: '{"bootstrapped":true}' }),
  );
}

export function bootstrapContract({ openStore }: StoreOpeners): void {
  test('of many at once, on two connections, one makes the first organisation, and the others nothing', async () => {
    const store = await openStore();
    const other = await store.openAgain();
    const attempts = Array.from({ length: 40 }, (_, place) => bootstrap(place % 2 === 0 ? store : other));
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of results) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'BOOTSTRAP_CLOSED' });
    }
    const [organization, ...more] = await store.organizations.list({ limit: 100 });
    expect(more).toEqual([]);
    const page = [{ nowMs: START_MS, staleAfterMs: 1e12 }, { limit: 9 }] as const;
    expect(await store.keys.list(organization?.id ?? 'operator', ...page)).toHaveLength(2);
  });

  test('whatever makes a key closes it, and what fails to make one does not', async () => {
    for (const make of [
      (store: Store) => provision(store),
      (store: Store) => mint(store, 'operator', newKey('operator', { scopeType: 'host' })),
      (store: Store) => bootstrap(store),
    ]) {
      const store = await openStore();
      expect(await store.organizations.isBootstrapOpen()).toBe(true);
      await make(store);
      expect(await store.organizations.isBootstrapOpen()).toBe(false);
      const before = await store.everything();
      await expect(bootstrap(store)).rejects.toMatchObject({ code: 'BOOTSTRAP_CLOSED' });
      expect(await store.everything()).toBe(before);
    }
    const store = await openStore();
    const failing = store.keys.mint(
      'operator',
      byOperator,
      () => newKey('operator', { scopeType: 'host' }),
      () => {
        throw new Error('no row today');
      },
    );
    await expect(failing).rejects.toThrow('no row today');
    expect(await store.organizations.isBootstrapOpen()).toBe(true);
    expect((await bootstrap(store)).name).toBe('First');
  });
}
