import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewAgent } from '../../db/platform/data/agents.ts';
import { regionName } from '../../db/platform/data/region-name.ts';
import { createSearchWords, organizationToken } from '../../db/platform/data/search-words.ts';
import { newOrganizationId } from '../../src/ids.ts';
import { alpha, beta, temporaryPlatform } from './temporary-platform.ts';

const vocabulary = [
  'nurse',
  'Köln',
  'koln',
  "O'Reilly",
  'C++',
  'NEAR',
  'or',
  'AND',
  'not',
  'Ångström',
  '日本',
  'İzmir',
  'ß',
];
const hostile = [
  '"',
  '""',
  "'",
  'C++',
  "O'Reilly",
  'NEAR(',
  'NEAR(nurse koln, 5)',
  'col:x',
  'organization : x',
  `x) OR organization_id:"${beta}" OR (x`,
  `x" OR organization : "${organizationToken(beta)}" OR "x`,
  organizationToken(beta),
  beta,
  '('.repeat(300),
  '^nurse',
  'nurse*',
  '{name} : nurse',
  '- nurse',
  'a\0b',
  '%_\\',
  '',
  ' \t\n',
  '—…!?',
  '💩',
];

const word = fc.oneof(fc.constantFrom(...vocabulary), fc.string({ unit: 'binary', maxLength: 6 }));
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
const query = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.tuple(text, fc.constantFrom(...hostile)).map((parts) => parts.join(' ')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);
const agent = fc.record({
  name: text,
  occupation: text,
  biography: text,
  city: text,
  country: fc.constantFrom('DE', 'TR', 'JP'),
  tags: fc.array(text, { maxLength: 3 }),
});

const searchWords = createSearchWords();

/** The words of a document; in pieces, because a query's words are capped and a document's are not. */
const wordsOf = (...texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((one) => one.split(' ')).flatMap((piece) => searchWords(piece)));

/** 1 to 3 by rank, 0 for no match. */
function naiveTier(row: NewAgent, words: readonly string[]): number {
  const strong = wordsOf(row.name, row.occupation, ...row.tags);
  const all = wordsOf([...strong].join(' '), row.biography, row.city, row.country, regionName(row.country));
  if (words.every((one) => strong.has(one))) return 1;
  if (words.every((one) => all.has(one))) return 2;
  return words.some((one) => all.has(one)) ? 3 : 0;
}

function naiveSearch(rows: readonly NewAgent[], sought: string): readonly string[] {
  const words = searchWords(sought);
  const newestFirst = rows.toReversed();
  if (words.length === 0) return newestFirst.map((row) => row.agentId);
  const tiers = newestFirst.map((row) => naiveTier(row, words));
  return [1, 2, 3].flatMap((tier) =>
    newestFirst.filter((_, index) => tiers[index] === tier).map((row) => row.agentId),
  );
}

test('any text finds what a plain filter finds, in its order, and never a row of another organisation', async () => {
  const platform = temporaryPlatform();
  let organizations = 10;
  const property = fc.asyncProperty(fc.array(agent, { maxLength: 7 }), query, async (drawn, sought) => {
    const organizationId = newOrganizationId(++organizations);
    const rows = platform.add(organizationId, drawn);
    platform.add(beta, drawn.slice(0, 2));
    const found = await platform.search(organizationId, { query: sought, limit: '100' });
    expect(found.agents.map((row) => row.agent_id)).toEqual(naiveSearch(rows, sought));
    expect(found.agents.every((row) => row.organization_id === organizationId)).toBe(true);
  });
  await fc.assert(property, { numRuns: 400 });
}, 60_000);

test.each(hostile)('the text %j is data, even where it is syntax to the search engine', async (sought) => {
  const platform = temporaryPlatform();
  const rows = platform.add(alpha, [
    { biography: sought },
    { biography: 'nothing of the kind' },
    { name: 'Nurse Köln' },
  ]);
  platform.add(beta, [{ biography: sought }, { name: 'x' }]);
  const found = await platform.search(alpha, { query: sought });
  expect(found.agents.map((row) => row.agent_id)).toEqual(naiveSearch(rows, sought));
  expect(found.agents.every((row) => row.organization_id === alpha)).toBe(true);
});

test('case and accents do not matter, and a text without words lists the newest', async () => {
  const platform = temporaryPlatform();
  const [angstrom, cpp] = platform.add(alpha, [{ name: 'Åsa Ångström' }, { tags: ['C++'] }]);
  const ids = async (sought: string) =>
    (await platform.search(alpha, { query: sought })).agents.map((row) => row.agent_id);
  expect(await ids('ANGSTROM')).toEqual([angstrom?.agentId]);
  expect(await ids('c++')).toEqual([cpp?.agentId]);
  expect(await ids('?!')).toEqual([cpp?.agentId, angstrom?.agentId]);
  expect(await ids('zebra')).toEqual([]);
});

test('the words of ASCII text are cut as the index cuts them', () => {
  const ascii = Array.from({ length: 128 }, (_, code) => `a${String.fromCharCode(code)}B`);
  for (const one of ascii) {
    // A letter beyond ASCII at the end sends the text through the index itself.
    expect([...searchWords(one), 'ж'], JSON.stringify(one)).toEqual(searchWords(`${one} ж`));
  }
});

test('a text of a thousand words is searched by its first 32', async () => {
  const platform = temporaryPlatform();
  const [last] = platform.add(alpha, [{ biography: 'w31' }, { biography: 'w32' }]);
  const sought = Array.from({ length: 1000 }, (_, index) => `w${index}`).join(' ');
  const found = await platform.search(alpha, { query: sought });
  expect(found.agents.map((row) => row.agent_id)).toEqual([last?.agentId]);
});
