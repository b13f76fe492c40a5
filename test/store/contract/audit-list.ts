import { expect, test } from 'vitest';
import type { AuditFilter } from '../../../src/audit/audit-trail.ts';
import { auditRow, provision, START_MS } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

export function auditListContract({ openStore }: StoreOpeners): void {
  test('a row of what is no organisation is refused alone, not with the rows beside it', async () => {
    const store = await openStore();
    const rows = [auditRow(null), auditRow('org_1' as never), auditRow(null)];
    const results = await Promise.allSettled(rows.map((row) => store.audit.append(row)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('a listing filters by key, tool, code and time, newest first, page by page', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const other = await provision(store);
    for (let place = 0; place < 12; place += 1) {
      const fields = {
        at: 100 + place,
        keyPrefix: `tnt_${place % 2}`,
        tool: place % 3 === 0 ? 'whoami' : null,
        errorCode: place % 4 === 0 ? 'FORBIDDEN' : null,
      };
      await store.audit.append(auditRow(organization.id, fields));
      await store.audit.append(auditRow(other.organization.id, fields));
    }
    const list = async (filter: AuditFilter, limit = 100, before?: string) => {
      const page = await store.audit.list(organization.id, filter, { limit, before });
      return page.filter((event) => event.at < START_MS).map((event) => event.at - 100);
    };
    expect(await list({})).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await list({ keyPrefix: 'tnt_1' })).toEqual([11, 9, 7, 5, 3, 1]);
    expect(await list({ tool: 'whoami' })).toEqual([9, 6, 3, 0]);
    expect(await list({ code: 'FORBIDDEN' })).toEqual([8, 4, 0]);
    expect(await list({ sinceMs: 103, untilMs: 106 })).toEqual([5, 4, 3]);
    expect(await list({ keyPrefix: 'tnt_0', tool: 'whoami', code: 'FORBIDDEN', sinceMs: 100 })).toEqual([0]);
    expect(await list({ tool: 'who%' })).toEqual([]);
    const first = await store.audit.list(organization.id, {}, { limit: 5 });
    expect(first.map((event) => event.at - 100)).toEqual([11, 10, 9, 8, 7]);
    expect(await list({}, 5, first.at(-1)?.position)).toEqual([6, 5, 4, 3, 2]);
    for (const none of ['', 'x', '-1', '1 OR 1=1'])
      await expect(list({}, 5, none)).rejects.toThrow('position missing');
    const all = await store.audit.listForOperator(
      { tool: 'whoami', sinceMs: 106, untilMs: 110 },
      { limit: 9 },
    );
    expect(all.map((event) => event.at - 100)).toEqual([9, 9, 6, 6]);
  });

  test('what a filter looks for is found however far back it stands, and so are the rows of a quiet organisation', async () => {
    const store = await openStore();
    const { organization } = await provision(store);
    const busy = await provision(store);
    const rare = { tool: 'rare', at: 7 };
    await store.audit.append(auditRow(organization.id, rare));
    for (let count = 0; count < 3; count += 1) {
      await Promise.all(
        Array.from({ length: 1000 }, () => store.audit.append(auditRow(busy.organization.id))),
      );
    }
    const found = await store.audit.list(organization.id, { tool: 'rare' }, { limit: 5 });
    expect(found).toMatchObject([rare]);
    expect((await store.audit.list(organization.id, {}, { limit: 1 }))[0]).toMatchObject(rare);
    expect(await store.audit.listForOperator({ tool: 'rare' }, { limit: 5 })).toEqual(found);
    expect(
      await store.audit.list(organization.id, { tool: 'rare' }, { limit: 5, before: found[0]?.position }),
    ).toEqual([]);
    const page = await store.audit.list(busy.organization.id, { tool: 'whoami' }, { limit: 1500 });
    expect(page.map(({ seq }) => seq)).toEqual(page.map(({ seq }) => seq).sort((a, b) => b - a));
  });
}
