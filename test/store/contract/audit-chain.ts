import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainPoint, emptyChain } from '../../../src/audit/audit-event.ts';
import { verifyChain } from '../../../src/audit/chain/verify.ts';
import { appendMany, auditRow, checkpoint, mint, newKey, provision } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

export function auditChainContract({ openStore }: StoreOpeners): void {
  test('a row comes back as it was written, and an empty chain has a head', async () => {
    const store = await openStore();
    expect(await store.audit.head()).toEqual(emptyChain);
    const row = auditRow(null, {
      onBehalfOf: 'job 7',
      errorCode: 'FORBIDDEN',
      change: '{"why":"…"}',
      era: '2025',
    });
    await store.audit.append(row);
    const [event] = await store.audit.readChain(emptyChain, 10);
    const { chain, ...end } = await store.audit.head();
    expect(chain).toBe(emptyChain.chain);
    expect(event).toEqual({ ...row, ...end });
    expect(await verifyChain(store.audit, { kept: await store.audit.head() })).toMatchObject({
      ok: true,
      rows: 1,
    });
  });

  test('any text of a client leaves the chain whole', async () => {
    const store = await openStore();
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    });
    const texts = [...fc.sample(text, 200), 'half \ud800', '\u0000', 'a\u0000b', '\ufeff', '😀'];
    await Promise.all(texts.map((clientName) => store.audit.append(auditRow(null, { clientName }))));
    expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: texts.length, problem: null });
    const kept = await store.audit.readChain(emptyChain, 1000);
    expect(kept.map((event) => event.clientName)).toEqual(texts.map((each) => each.toWellFormed()));
  });

  test('two stores and their mutations that take turns keep one chain', async () => {
    const one = await openStore();
    const two = await one.openAgain();
    const { organization } = await provision(one);
    await Promise.all(
      Array.from({ length: 60 }, async (_, place) => {
        const store = place % 2 === 0 ? one : two;
        if (place % 5 === 0) await mint(store, organization.id, newKey(organization.id));
        else await store.audit.append(auditRow(organization.id));
      }),
    );
    const kept = await one.audit.head();
    expect(kept.seq).toBe(61);
    const head = { seq: 61, hash: kept.hash };
    expect(await verifyChain(two.audit, { kept })).toMatchObject({ ok: true, rows: 61, head });
  });

  test('after a prune the chain holds from the checkpoint on', async () => {
    const store = await openStore();
    await appendMany(store, 12);
    const rows = await store.audit.readChain(emptyChain, 100);
    await store.audit.prune(chainPoint(5), () => checkpoint(rows[4]));
    expect((await store.audit.readChain(emptyChain, 100)).map((event) => event.seq)).toEqual([
      6, 7, 8, 9, 10, 11, 12, 13,
    ]);
    expect(await verifyChain(store.audit)).toMatchObject({ problem: null, rows: 8, head: { seq: 13 } });
    await appendMany(store, 2);
    const removed = (await store.audit.readChain(chainPoint(12), 1))[0];
    await store.audit.prune(chainPoint(13), () => checkpoint(removed));
    expect(await verifyChain(store.audit)).toMatchObject({ problem: null, rows: 3, head: { seq: 16 } });
  });

  test('a prune of everything leaves the checkpoint, and the chain goes on from its place', async () => {
    const store = await openStore();
    await appendMany(store, 4);
    const removed = (await store.audit.readChain(chainPoint(3), 1))[0];
    await store.audit.prune(chainPoint(4), () => checkpoint(removed));
    expect(await store.audit.head()).toMatchObject({ seq: 5 });
    await appendMany(store, 1);
    expect(await verifyChain(store.audit)).toMatchObject({ problem: null, rows: 2, head: { seq: 6 } });
  });

  test('a chain that the store has not is neither read nor pruned', async () => {
    const store = await openStore();
    await appendMany(store, 2);
    const elsewhere = { ...chainPoint(1), chain: 'elsewhere' };
    await expect(store.audit.readChain(elsewhere, 10)).rejects.toThrow('no chain');
    await expect(store.audit.prune(elsewhere, () => checkpoint(undefined))).rejects.toThrow('no chain');
    expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 2 });
  });

  test('a prune beyond the end, or without its checkpoint, removes nothing', async () => {
    const store = await openStore();
    await appendMany(store, 4);
    await expect(store.audit.prune(chainPoint(5), () => checkpoint(undefined))).rejects.toThrow(
      'the chain ends at 4',
    );
    await expect(
      store.audit.prune(chainPoint(2), () => auditRow(null, { durationMs: Number.NaN })),
    ).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await verifyChain(store.audit)).toMatchObject({ ok: true, rows: 4 });
  });
}
