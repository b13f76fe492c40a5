import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tools as shippedTools } from '../../../tools/index.ts';
import { oddRequest } from '../../support/odd-requests.ts';
import { stepping } from '../../support/slow-tools.ts';
import { expectSame, expectSameRows, type LaneAnswer, startTwoLanes } from '../../support/two-lanes.ts';

const RUNS = 3000;
/** Requests at once: each has an id of its own in the audit. */
const AT_ONCE = 10;

test('requests of every odd form get the same answer and the same audit row from both lanes', async () => {
  // A minute passes every few milliseconds, so that no budget of refusals keeps a row from either lane.
  const elapsed = () => performance.now() * 10_000;
  const app = await startTwoLanes({ tools: [...shippedTools, stepping], elapsed });
  const bounded = await app.mint(app.acme, { restrictions: { tools: ['whoami'] } });
  const answers: (readonly [LaneAnswer, LaneAnswer])[] = [];
  const batch = fc.array(oddRequest([app.acme.defaultKey, bounded.plaintext]), {
    minLength: AT_ONCE,
    maxLength: AT_ONCE,
  });
  await fc.assert(
    fc.asyncProperty(batch, async (sent) => {
      const pairs = await Promise.all(sent.map(app.send));
      for (const pair of pairs) expectSame(pair);
      answers.push(...pairs);
    }),
    { numRuns: RUNS / AT_ONCE },
  );
  expectSameRows(await app.audit(3 * RUNS), answers);
  // Both kinds are well represented: those that the lane took, and those that the SDK had to check.
  const shortcut = answers.filter(([fast, sdk]) => fast.text === fast.message && sdk.text !== sdk.message);
  expect(shortcut.length).toBeGreaterThan(RUNS / 20);
  const statuses = answers.map(([{ status }]) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(RUNS / 10);
  expect(statuses.filter((status) => status === 400).length).toBeGreaterThan(RUNS / 10);
});
