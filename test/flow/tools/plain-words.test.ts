import { expect, test } from 'vitest';
import { z } from 'zod';
import { lazyValidator, parseBySchema } from '../../../src/tool-sources/schema-validator.ts';
import { closeNames, quoted, unknownNames } from '../../../src/words/did-you-mean.ts';
import { issueText } from '../../../src/words/issue.ts';
import { zodIssues, zodWords } from '../../../src/words/zod-issues.ts';

/** Words of a validator, which mean nothing to the sender of the value. */
const foreign = /invalid|received|must (?:have|be|match|NOT)|unrecognized|too (?:small|big)|>=|<=|\bNaN\b/i;

const tool = z.strictObject({
  query: z.string().min(1).max(5).optional(),
  limit: z.int().min(1).max(100).optional(),
  tags: z.array(z.string()).min(1).max(2),
  kind: z.enum(['one', 'two']).optional(),
  days: z.union([z.int().min(1), z.literal('never')]).optional(),
  at: z.iso.datetime().optional(),
  mail: z.email().optional(),
  even: z.number().multipleOf(2).optional(),
  inner: z.strictObject({ name: z.string(), deep: z.array(z.boolean()) }).optional(),
  names: z.record(z.string().min(2), z.number()).optional(),
  either: z.union([z.strictObject({ a: z.int(), b: z.int() }), z.strictObject({ c: z.string() })]).optional(),
  choice: z
    .discriminatedUnion('k', [z.object({ k: z.literal('x') }), z.object({ k: z.literal('y') })])
    .optional(),
});

const ofZod = (value: unknown): string[] => {
  const parsed = tool.safeParse(value, { error: zodWords });
  return parsed.success ? [] : zodIssues(parsed.error).map((issue) => issueText(issue));
};

const validator = lazyValidator(() => ({ ...z.toJSONSchema(tool, { io: 'input' }) }));
const ofSchema = (value: Record<string, unknown>): string[] => {
  const parsed = parseBySchema(value, validator());
  return parsed.ok ? [] : parsed.issues.map((issue) => issueText(issue));
};

const tags = ['a'];
const fields = 'query, limit, tags, kind, days, at, mail, even, inner, names, either, choice';

/** What is sent, and what is said of it, by either of the two validators. */
const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
  [{}, 'tags is required'],
  [{ tags: null }, 'tags: expected a list, not null'],
  [{ tags: 'a' }, 'tags: expected a list, not a text'],
  [{ tags: [] }, 'tags: expected at least 1 item'],
  [{ tags: ['a', 'b', 'c'] }, 'tags: expected at most 2 items'],
  [{ tags: ['a', 1] }, 'tags.1: expected a text, not a number'],
  [{ tags, limit: 0 }, 'limit: expected at least 1'],
  [{ tags, limit: 1000 }, 'limit: expected at most 100'],
  [{ tags, limit: 1.5 }, 'limit: expected a whole number'],
  [{ tags, limit: '5' }, 'limit: expected a whole number, not a text'],
  [{ tags, limit: null }, 'limit: expected a whole number, not null'],
  [{ tags, query: '' }, 'query: expected at least 1 character'],
  [{ tags, query: 'abcdef' }, 'query: expected at most 5 characters'],
  [{ tags, query: {} }, 'query: expected a text, not an object'],
  [{ tags, kind: 'three' }, 'kind: expected "one" or "two"'],
  [{ tags, days: 'ever' }, 'days: expected a whole number or "never"'],
  [{ tags, even: 3 }, 'even: expected a multiple of 2'],
  [{ tags, inner: { deep: [] } }, 'inner.name is required'],
  [{ tags, inner: { name: 'n', deep: [1] } }, 'inner.deep.0: expected true or false, not a number'],
  [
    { tags, inner: { name: 'n', deep: [], nam: 1 } },
    'inner: "nam" is unknown, did you mean "name"? Known: name, deep',
  ],
  [{ tags, qery: 1 }, `"qery" is unknown, did you mean "query"? Known: ${fields}`],
  [{ tags, zzzzzz: 1 }, `"zzzzzz" is unknown. Known: ${fields}`],
  [{ tags, either: { a: 1 } }, 'either.b is required'],
  [{ tags, either: { c: 1 } }, 'either.c: expected a text, not a number'],
  [{ tags, either: 1 }, 'either: expected an object'],
];

test.each(wrong)('%j: %s', (value, expected) => {
  expect(ofZod(value)).toEqual([expected]);
  expect(ofSchema(value)).toEqual([expected]);
});

test('what JSON Schema says otherwise is said in plain words too', () => {
  const ofRest = [
    { at: 'soon' },
    { mail: 'me' },
    { names: { a: 1 } },
    { choice: { k: 'z' } },
    { choice: {} },
  ];
  const said = ofRest.flatMap((rest) => ofZod({ tags, ...rest }));
  expect(said).toEqual([
    'at: expected a time such as 2026-11-20T09:00:00Z',
    'mail: expected an e-mail address',
    'names.a: as a name expected at least 2 characters',
    'choice.k: expected "x" or "y"',
    'choice.k: expected "x" or "y"',
  ]);
  for (const rest of ofRest) expect(ofSchema({ tags, ...rest }).join()).not.toMatch(foreign);
});

test('no sentence holds a word of a validator, nor the value that was sent', () => {
  const secret = 'sekret-value';
  for (const name of Object.keys(tool.shape)) {
    for (const value of [secret, [secret], { [name]: secret }, 1e308, null, true, [[]]]) {
      const said = [...ofZod({ tags, [name]: value }), ...ofSchema({ tags, [name]: value })].join('\n');
      expect(said).not.toMatch(foreign);
      expect(said).not.toContain(secret);
    }
  }
});

test('the closest names are offered, and none where none is close', () => {
  const known = ['search_agents', 'get_agent', 'list_jobs', 'list_keys', 'whoami'];
  expect(closeNames('serch_agents', known)).toEqual(['search_agents']);
  expect(closeNames('Search-Agents', known)).toEqual(['search_agents']);
  expect(closeNames('list_jbos', known)).toEqual(['list_jobs']);
  expect(closeNames('list_kobs', known)).toEqual(['list_jobs']);
  for (const far of ['', 'x', 'delete_everything', 'w'.repeat(100_000)])
    expect(closeNames(far, known)).toEqual([]);
});

test('what was written is said again in short, on one line, and without a key', () => {
  const key = `tnt_${'a'.repeat(8)}_${'b'.repeat(49)}`;
  expect(quoted('a\n\u001b[31mb')).toBe('"a<U+000A><U+001B>[31mb"');
  expect(quoted('x'.repeat(200))).toHaveLength(67);
  expect(unknownNames([key], [])).toBe('"[key]" is unknown. No name is known here');
  expect(unknownNames(Array(9).fill('q'), ['a'])).toContain('and 4 more');
});
