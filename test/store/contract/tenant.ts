import { expect, test } from 'vitest';
import { type AuditRow, chainPoint } from '../../../src/audit/audit-event.ts';
import type { Store } from '../../../src/store/store.ts';
import { auditRow, byOperator, newKey, provision, START_MS } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

type Given = Awaited<ReturnType<typeof provision>>;
type Attempt = (store: Store, id: never, given: Given) => Promise<unknown>;

const row = ({ organization }: Given) => auditRow(organization.id);
const filter = { nowMs: START_MS, staleAfterMs: 1 };

/** Every method that takes an organisation, given `id` in its place. */
const byOrganization: Record<string, Attempt> = {
  'keys.get': (store, id, { defaultKey }) => store.keys.get(id, defaultKey.id),
  'keys.list': (store, id) => store.keys.list(id, filter, { limit: 10 }),
  'keys.listCreatedBy': (store, id) => store.keys.listCreatedBy(id, 'cli', START_MS),
  'keys.mint': (store, id, given) =>
    store.keys.mint(
      id,
      byOperator,
      () => newKey(given.organization.id),
      () => row(given),
    ),
  'keys.mint, by the key made': (store, id, given) =>
    store.keys.mint(
      given.organization.id,
      byOperator,
      () => newKey(id),
      () => row(given),
    ),
  'keys.change': (store, id, given) =>
    store.keys.change(
      { keyspace: id, keyId: given.defaultKey.id },
      null,
      () => ({ revokedAtMs: 1 }),
      () => row(given),
    ),
  'organizations.get': (store, id) => store.organizations.get(id),
  'organizations.setStatus': (store, id, given) =>
    store.organizations.setStatus(id, 'deleted', START_MS, () => row(given)),
  'organizations.provision': (store, id, given) => {
    const organization = { ...given.organization, id, externalId: null };
    const make = () => ({ organization, defaultKey: newKey(id) });
    return store.organizations.provision(null, make, () => row(given));
  },
  'audit.list': (store, id) => store.audit.list(id, {}, { limit: 10 }),
};

/** Methods that write a row which says whose it is; there `null` is the operator's. */
const byAuditRow: Record<string, Attempt> = {
  'audit.append': (store, id) => store.audit.append(auditRow(id)),
  'audit.prune': (store, id) => store.audit.prune(chainPoint(1), () => auditRow(id)),
  'keys.mint, by its row': (store, id, { organization }) =>
    store.keys.mint(
      organization.id,
      byOperator,
      () => newKey(organization.id),
      () => auditRow(id),
    ),
  'keys.change, by its row': (store, id, { organization, defaultKey }) =>
    store.keys.change(
      { keyspace: organization.id, keyId: defaultKey.id },
      null,
      () => ({ revokedAtMs: 1 }),
      () => auditRow(id),
    ),
};

const byKey: Record<string, Attempt> = {
  'keys.get': (store, id, { organization }) => store.keys.get(organization.id, id),
  'keys.change': (store, id, given) =>
    store.keys.change(
      { keyspace: given.organization.id, keyId: id },
      null,
      () => ({ revokedAtMs: 1 }),
      () => row(given),
    ),
  'keys.noteUses': (store, id) => store.keys.noteUses(new Map([[id, { atMs: START_MS, client: null }]])),
};

const byActor: Record<string, Attempt> = {
  'keys.mint': (store, id, given) =>
    store.keys.mint(
      given.organization.id,
      { ...byOperator, actor: id },
      () => newKey(given.organization.id),
      () => row(given),
    ),
  'keys.change': (store, id, given) =>
    store.keys.change(
      { keyspace: given.organization.id, keyId: given.defaultKey.id },
      id,
      () => ({ isDefault: false }),
      () => row(given),
    ),
  'keys.mint, by whom it demotes': (store, id, given) => {
    const made = { ...newKey(given.organization.id), demotes: id };
    return store.keys.mint(
      given.organization.id,
      byOperator,
      () => made,
      () => row(given),
    );
  },
};

const organizationGarbage = (real: string) => [
  undefined,
  [real],
  { toString: () => real },
  '',
  '*',
  '%',
  ` ${real}`,
  `${real}\n`,
  real.toLowerCase(),
  `${real}' OR 1=1 --`,
  42,
  true,
];

const cases = (attempts: Record<string, Attempt>) => Object.entries(attempts);

export function tenantContract({ openStore }: StoreOpeners): void {
  async function expectRefusals(attempt: Attempt, complaint: string, garbage: (given: Given) => unknown[]) {
    const store = await openStore();
    const given = await provision(store, 'acme-1');
    await provision(store, 'bolt-1');
    const before = await store.everything();
    for (const value of garbage(given)) {
      // What no type lets through, a bug may.
      await expect(attempt(store, value as never, given), String(value)).rejects.toThrow(complaint);
    }
    expect(await store.everything()).toBe(before);
  }

  test.each(cases(byOrganization))(
    '%s without a well-formed organisation throws and touches nothing',
    (_, attempt) =>
      expectRefusals(
        attempt,
        /mint, by|provision/.test(_) ? '' : 'tenant context missing',
        ({ organization }) => [...organizationGarbage(organization.id), null],
      ),
  );

  test.each(cases(byAuditRow))('%s for what is no organisation throws and touches nothing', (_, attempt) =>
    expectRefusals(attempt, 'tenant context missing', ({ organization }) =>
      organizationGarbage(organization.id),
    ),
  );

  test.each(cases(byKey))('%s without a well-formed key id throws and touches nothing', (_, attempt) =>
    expectRefusals(attempt, 'key missing', ({ defaultKey }) => [...organizationGarbage(defaultKey.id), null]),
  );

  test.each(cases(byActor))('%s for an actor that is no key throws and touches nothing', (_, attempt) =>
    expectRefusals(attempt, 'key missing', ({ defaultKey }) => organizationGarbage(defaultKey.id)),
  );

  test('a hash that is none finds nothing', async () => {
    const store = await openStore();
    const { hash } = await provision(store);
    for (const value of [undefined, null, [hash], hash.toString('hex'), Buffer.alloc(0)]) {
      await expect(store.keys.find(value as never)).rejects.toThrow('32 bytes');
    }
  });

  test('an external id that was forgotten is no external id of anybody', async () => {
    const store = await openStore();
    await provision(store, 'acme-1');
    const before = await store.everything();
    const attempt = store.organizations.provision(
      undefined as never,
      () => expect.fail('made'),
      () => auditRow(null),
    );
    await expect(attempt).rejects.toThrow('external id missing');
    expect(await store.everything()).toBe(before);
  });

  test("an audit listing shows the rows of its organisation alone, the operator's shows all", async () => {
    const store = await openStore();
    const acme = (await provision(store)).organization.id;
    const bolt = (await provision(store)).organization.id;
    const rows: AuditRow[] = [auditRow(acme), auditRow(bolt), auditRow(null), auditRow(acme)];
    for (const each of rows) await store.audit.append(each);
    const seqs = (events: readonly { readonly seq: number }[]) => events.map((event) => event.seq);
    expect(seqs(await store.audit.list(acme, {}, { limit: 10 }))).toEqual([6, 3, 1]);
    expect(seqs(await store.audit.list(bolt, {}, { limit: 10 }))).toEqual([4, 2]);
    expect(seqs(await store.audit.listForOperator({}, { limit: 10 }))).toEqual([6, 5, 4, 3, 2, 1]);
  });
}
