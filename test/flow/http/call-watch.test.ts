import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nobody } from '../../../src/attribution.ts';
import { AppError } from '../../../src/errors.ts';
import type { Identified } from '../../../src/identity/schemes/scheme.ts';
import { operatorBy } from '../../../src/principal.ts';
import { createCallWatch } from '../../../src/transport/http/call-watch.ts';

const revoked: Identified = {
  principal: operatorBy('admin-token'),
  attribution: nobody,
  endOfLifeMs: null,
  refusalNow: async () => new AppError('INVALID_TOKEN'),
};

const CALLS = 20;
/** The calls that are reported as over, one after another; most of them more than once. */
const ends = fc.array(fc.nat(CALLS - 1), { minLength: CALLS, maxLength: 2 * CALLS });

test('calls that are over, in any order and even if reported twice, are not ended; the others are', async () => {
  const isRight = async (over: readonly number[]) => {
    const watch = createCallWatch();
    const calls = Array.from({ length: CALLS }, () => {
      const end = new AbortController();
      const unwatch = watch.watch({ identified: revoked, end, slot: { isClosed: () => false } });
      return { end, unwatch };
    });
    for (const at of over) calls[at]?.unwatch();
    const ended = () => calls.map(({ end }) => end.signal.aborted);
    await expect.poll(ended).toEqual(calls.map((_call, at) => !over.includes(at)));
    for (const { unwatch } of calls) unwatch();
  };
  await fc.assert(fc.asyncProperty(ends, isRight), { numRuns: 5 });
});
