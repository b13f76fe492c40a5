import { expect, test } from 'vitest';
import { requireOwnReply } from '../../../src/downstream/reply/require-own-reply.ts';
import { AppError } from '../../../src/errors.ts';
import { beginsAsOurs, lists, marked, quoted, separators, tables } from '../../support/foreign-texts.ts';
import { aboutUs, code, documentation, messages } from '../../support/shown-texts.ts';

const terms = {
  organization: { in: 'query', name: 'organization_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
} as const;

function outcomeOf(text: string, own: string): string {
  try {
    requireOwnReply({ content: [{ type: 'text', text }] }, own, terms);
    return 'shown';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** What is not as it should be, so that a failure says which texts are wrong and no more. */
const wrong = (texts: readonly string[], own: string, expected: string) =>
  texts.filter((text) => outcomeOf(text, own) !== expected);

test('a text that gives the field another value is held back, however it is written', () => {
  expect(wrong(beginsAsOurs, 'Acme', 'TENANT_MISMATCH')).toEqual([]);
  expect(wrong(lists, 'org_A1', 'TENANT_MISMATCH')).toEqual([]);
  expect(wrong([...quoted, ...separators, ...marked, ...tables], 'acme', 'TENANT_MISMATCH')).toEqual([]);
});

/** The same texts about us: what is held back above is held back for its id alone. */
const ourOwn = [...separators, ...marked, ...tables, ...lists].filter(
  (text) =>
    !/acme\(eu\)|text\.example|any\.do|none@|the acme|Body Shop|@bolt|Acme West|#B|org_B%|%2CW/.test(text),
);

const exampleOf = (id: string) => (text: string) =>
  text.replaceAll(/(?:org_B9?|org_A1|bolt|acme)\b|\b1[78]\b/g, id).replaceAll('Bolt', 'x');

test('the same texts about our own organisation are shown', () => {
  for (const own of ['acme', 'org_A1', 'customer-17'])
    expect(wrong(ourOwn.map(exampleOf(own)), own, 'shown')).toEqual([]);
});

const oddIds = [
  'Acme West',
  'a.b/c',
  "O'Neil & Sons",
  'say "x"',
  'x@y.example',
  '100%',
  'a,b;c',
  'back\\slash',
  '<x>',
  '17',
];

test('an id of our own that holds blanks and signs is known where it is quoted or escaped', () => {
  for (const own of oddIds) {
    const json = JSON.stringify(own);
    const written = [
      `organization_id: ${json}`,
      `x {"organization_id":${json}, "name": "x"} y`,
      `{"name":"x","organization_id":${json},"state":"op`,
      `https://x.example/y?organization_id=${encodeURIComponent(own)}&state=open`,
      `<organization_id>${own.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</organization_id>`,
      `organization_id: ${own}`,
      `organization_id: ${own}\nname: x`,
    ];
    expect([own, wrong(written, own, 'shown')]).toEqual([own, []]);
  }
});

test('code, schemas, documentation and messages that only speak of the field are shown', () => {
  expect(wrong([...code, ...documentation, ...messages, ...aboutUs], 'acme', 'shown')).toEqual([]);
});

test('there are enough of both, and none twice', () => {
  const bad = [...beginsAsOurs, ...lists, ...quoted, ...separators, ...marked, ...tables];
  const good = [...code, ...documentation, ...messages, ...aboutUs];
  expect([new Set(bad).size, new Set(good).size]).toEqual([bad.length, good.length]);
  expect([bad.length > 150, good.length > 100]).toEqual([true, true]);
});
