import fc from 'fast-check';
import { createSearchWords } from '../../../db/platform/data/search-words.ts';
import { requestJson } from '../../support/http.ts';
import { call, modern, older } from '../../support/lane-requests.ts';
import { type FuzzCase, latin1, requestBytes } from './odd-bodies.ts';
import type { FuzzTarget } from './start-target.ts';

export type SearchCase = FuzzCase & { readonly query: string; readonly limit: number };

const corpus = [
  '"',
  '""',
  "'",
  'foo AND',
  'AND',
  'nurse AND berlin',
  'nurse OR x',
  'NOT nurse',
  '*',
  'nurs*',
  '^nurse',
  '-foo',
  '+nurse',
  "O'Reilly",
  'C++',
  'a-b',
  'foo@bar.com',
  'NEAR(',
  'NEAR(nurse shift, 3)',
  'col:x',
  'name:nurse',
  'organization:o',
  '{name} : nurse',
  'organization_id:"org_01ARZ3NDEKTSV4RRFFQ69G5FAV"',
  'x) OR organization_id:"orgB" OR (x',
  'nurse" OR organization : "o',
  '(((('.repeat(75),
  ')'.repeat(300),
  '...',
  '😀',
  '👩‍⚕️ nurse',
  'São Paulo',
  'Sa\u0303o',
  'İstanbul',
  'ﬁsh',
  'Ⅷ',
  '数学',
  'مرحبا',
  '\u202enurse',
  'nur\u00adse',
  'nur\0se',
  '\ud800',
  'nurse\udfff',
  '%',
  '_',
  "'; DROP TABLE agents; --",
  'a '.repeat(250),
  'x'.repeat(500),
];

type Agent = {
  readonly agent_id: string;
  readonly name: string;
  readonly occupation: string;
  readonly tags: readonly string[];
  readonly biography: string;
  readonly city: string;
  readonly country: string;
};

/** Words as people see them: without case and accents, of letters and digits. Right for text in Latin letters. */
const plainWords = (text: string): string[] =>
  text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];

/** What an organisation has, searched without any index. */
export async function naiveSearch({ url, keys }: FuzzTarget) {
  const agents: Agent[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await requestJson(`${url}/v1/agents/search?limit=100${from}`, { key: keys.canonical });
    agents.push(...body.agents);
    cursor = body.next_cursor;
  }
  const countries = new Intl.DisplayNames(['en'], { type: 'region' });
  const records = agents.map((agent) => {
    const strong = [agent.name, agent.occupation, ...agent.tags].flatMap(plainWords);
    const weak = [agent.biography, agent.city, agent.country, countries.of(agent.country) ?? ''].flatMap(
      plainWords,
    );
    return { id: agent.agent_id, strong: new Set(strong), all: new Set([...strong, ...weak]) };
  });
  const words = createSearchWords();
  return {
    size: agents.length,
    vocabulary: [...new Set(agents.flatMap(({ name, occupation, city }) => [name, occupation, city]))],
    /** The ids that a search shows, in their order: all words in the strong fields, all anywhere, any anywhere. */
    find(query: string, limit: number): readonly string[] {
      const wanted = words(query);
      if (wanted.length === 0) return records.slice(0, limit).map(({ id }) => id);
      const tiers: string[][] = [[], [], []];
      for (const { id, strong, all } of records) {
        if (wanted.every((word) => strong.has(word))) tiers[0]?.push(id);
        else if (wanted.every((word) => all.has(word))) tiers[1]?.push(id);
        else if (wanted.some((word) => all.has(word))) tiers[2]?.push(id);
      }
      return tiers.flat().slice(0, limit);
    },
  };
}

/** Any text of a length that the tool takes; most hold words of the panel. */
export function searchCases({ keys }: FuzzTarget, vocabulary: readonly string[]): fc.Arbitrary<SearchCase> {
  const joint = fc.constantFrom(
    ' ',
    ' ',
    '"',
    ' AND ',
    ' OR ',
    '-',
    ':',
    '*',
    '(',
    ')',
    ' NOT ',
    "'",
    '\n',
    '\0',
    '́',
    ', ',
  );
  const phrase = fc
    .array(fc.tuple(fc.constantFrom(...vocabulary), joint), { minLength: 1, maxLength: 5 })
    .map((pairs) => pairs.flat().join(''));
  const text = fc.oneof(
    { weight: 4, arbitrary: phrase },
    { weight: 2, arbitrary: fc.constantFrom(...corpus) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.tuple(phrase, fc.constantFrom(...corpus)).map((both) => both.join(' ')) },
  );
  return fc
    .record({ text, limit: fc.constantFrom(1, 2, 3, 5, 5, 10, 25), isModern: fc.boolean() })
    .map(({ text: long, limit, isModern }) => {
      const query = long.slice(0, 500);
      const { headers, body } = (isModern ? modern : older)(
        keys.canonical,
        call('search_agents', { query, limit }),
      );
      return {
        protocol: 'mcp',
        query,
        limit,
        bytes: requestBytes('POST /mcp HTTP/1.1', headers, latin1(body)),
      };
    });
}
