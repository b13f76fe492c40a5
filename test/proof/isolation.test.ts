import { expect, test } from 'vitest';
import { type Ask, createAsk, voices } from './isolation/ask.ts';
import { askAndCheck, newTally, type References } from './isolation/check-answer.ts';
import { collectCursors } from './isolation/cursors.ts';
import { callsByKey, digestRows, headOf } from './isolation/digest.ts';
import { drawPair, withNobody } from './isolation/draw.ts';
import { type Fixture, startFixture } from './isolation/fixture.ts';
import { questions, unasked } from './isolation/questions.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';
import { createRandom } from './support/random.ts';

const ORGANIZATIONS = 8;
const PAIRS = trials({ planted: 2_000, ci: 20_000, full: 1_000_000 });
const AT_ONCE = 32;
/** Every question that changes nothing is also asked about the caller's own things. */
const shown = questions.filter(({ changes }) => !changes).map(({ name }) => name);
/** What goes wrong so often need not be seen more often. */
const ENOUGH_FAILURES = 100;

test("every tool that can show or change what is an organisation's is asked", () => {
  expect(unasked()).toEqual([]);
});

test("nobody sees or changes what is another organisation's, and what is foreign is answered like what is absent", async (context) => {
  const fixture = await startFixture(ORGANIZATIONS);
  const ask = createAsk(fixture.app.url, AT_ONCE);
  const head = await headOf(fixture.app);
  const digests = () => fixture.organizations.map(({ tenant }) => digestRows(fixture.app, tenant.id, head));
  const before = digests();
  const random = createRandom(Date.now() % 2 ** 32);
  const { tally, asked, seconds } = await askPairs(fixture, ask, random);
  const { failures } = tally;
  for (const [index, after] of digests().entries()) {
    for (const [table, digest] of Object.entries(after)) {
      if (digest !== before[index]?.[table])
        failures.push(`rows of ${index} in ${table} are not what they were`);
    }
  }
  failures.push(...wrongRows(fixture, head, asked));
  const unseen = [...shown, ...voices].filter((name) => !tally.seen.has(name));
  if (depth !== 'planted') failures.push(...unseen.map((name) => `nobody was shown their own by ${name}`));
  prove(context, {
    id: 'isolation.pairs',
    property:
      'no caller sees or changes anything of another organisation; foreign and absent answer the same bytes',
    trials: PAIRS,
    unit: 'pairs',
    failures,
    measured: {
      ...tally.asked,
      'own seen': tally.ownSeen,
      'foreign, refused by scope': tally.beforeScope,
      'pairs per second': Math.round(PAIRS / seconds),
      seed: random.seed,
    },
    note: 'foreign answers are compared with an absent one of the same kind of caller, question, protocol and era',
  });
  expect(tally.ownSeen).toBeGreaterThan(tally.asked.own / 4);
  expect(tally.beforeScope).toBeLessThan(tally.asked.foreign / 2);
});

async function askPairs(fixture: Fixture, ask: Ask, random: ReturnType<typeof createRandom>) {
  const tally = newTally();
  const references: References = new Map();
  const cursors = await collectCursors(fixture, ask);
  let asked = fixture.principals.length * 9;
  let next = 0;
  const started = performance.now();
  const work = async () => {
    while (next < PAIRS && tally.failures.length < ENOUGH_FAILURES) {
      next += 1;
      const pair = drawPair(fixture, cursors, random);
      const nobodys = () => withNobody(pair, fixture, cursors, random);
      const requests = await askAndCheck(pair, nobodys, ask, fixture, references, tally);
      asked += requests;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { tally, asked, seconds: (performance.now() - started) / 1000 };
}

/** Each request has its one row, under the organisation that its key was let in for. */
function wrongRows(fixture: Fixture, head: number, asked: number): string[] {
  const rows = callsByKey(fixture.app, head);
  const reaches = new Map<string, Set<string>>();
  for (const { tenant, own } of fixture.organizations)
    for (const id of own.key) reaches.set(id, new Set([tenant.id]));
  const wrong = rows.filter(({ organization_id, key_id }) => {
    const reach = reaches.get(key_id ?? '');
    return reach !== undefined && !reach.has(organization_id ?? '');
  });
  const written = rows.reduce((sum, { calls }) => sum + calls, 0);
  return [
    ...wrong.map((row) => `an audit row of ${row.key_id} stands under ${row.organization_id}`),
    ...(written === asked ? [] : [`${asked} requests left ${written} audit rows`]),
  ];
}
