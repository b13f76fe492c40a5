import fc from 'fast-check';
import { test } from 'vitest';
import { requireOwnReply } from '../../src/downstream/reply/require-own-reply.ts';
import { AppError } from '../../src/errors.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const terms = {
  organization: { in: 'query', name: 'tenant_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
} as const;

const words = [
  ['organization', 'id'],
  ['organisation', 'id'],
  ['x', 'organization', 'id'],
  ['org', 'id'],
  ['tenant', 'id'],
] as const;

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
const styles: readonly ((parts: readonly string[]) => string)[] = [
  (parts) => parts.join('_'),
  (parts) => parts.join('-'),
  (parts) => parts.join('').toLowerCase(),
  (parts) => parts.join('_').toUpperCase(),
  (parts) => parts.map((part, index) => (index === 0 ? part : capital(part))).join(''),
  (parts) => parts.map(capital).join(''),
  (parts) => parts.map(capital).join('-'),
];

/** The same letters in another form, at one place. */
const forms: readonly ((text: string, at: number) => string)[] = [
  (text) => text,
  (text, at) => text.slice(0, at) + fullWidth(text.charAt(at)) + text.slice(at + 1),
  (text, at) => `${text.slice(0, at)}\u200b${text.slice(at)}`,
  (text, at) => `${text.slice(0, at)}\u00ad${text.slice(at)}`,
  (text, at) => `${text.slice(0, at)}\u0301${text.slice(at)}`,
  (text) => text.replace('i', '\u0131'),
];

const fullWidth = (letter: string): string =>
  /[!-~]/.test(letter) ? String.fromCharCode(letter.charCodeAt(0) + 0xfee0) : letter;

const fieldName = fc
  .tuple(fc.constantFrom(...words), fc.constantFrom(...styles), fc.constantFrom(...forms), fc.nat(6))
  .map(([parts, style, form, at]) => form(style(parts), at + 1));

type Wrap = (json: string) => unknown;
const wraps: readonly Wrap[] = [
  (json) => JSON.parse(json),
  (json) => json,
  (json) => `\ufeff${json}`,
  (json) => `{"n":1}\n${json}\n[2]`,
  (json) => `Found one:\n\`\`\`json\n${json}\n\`\`\`\nThat is all.`,
  (json) => `Found ${json} and no more.`,
  (json) => JSON.stringify(JSON.stringify(json)),
  (json) => JSON.stringify({ result: JSON.stringify({ text: json }) }),
  (json) => `[${json},`,
];

/** Text around it that says nothing of organisations. */
const around = [
  (inner: unknown) => inner,
  (inner: unknown) => ({ items: [{ name: 'Ada' }, inner], total: 2 }),
  (inner: unknown) => [[[inner]]],
  (inner: unknown) => ({ content: [{ type: 'text', text: inner }], isError: false }),
];

const objects: readonly ((name: string, id: string) => object)[] = [
  (name, id) => ({ [name]: id }),
  (name, id) => ({ title: 'x', [name]: id, rows: [1] }),
  (_name, id) => ({ organization: { name: 'x', id } }),
  (_name, id) => ({ tenant: { id, name: 'x' } }),
];

const idText = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);
const reply = fc.record({
  name: fieldName,
  object: fc.constantFrom(...objects),
  wrap: fc.constantFrom(...wraps),
  outer: fc.constantFrom(...around),
  own: idText,
  other: idText,
});

function codeOf(said: unknown, own: string): string {
  try {
    requireOwnReply(said, own, terms);
    return 'shown';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

test('a reply that names another organisation is not shown, and one of the own is', (context) => {
  const rounds = trials({ planted: 2_000, ci: 4_000, full: 1_000_000 });
  const seed = Math.floor(Math.random() * 2 ** 31);
  const failures: string[] = [];
  for (const made of fc.sample(reply, { numRuns: rounds, seed })) {
    const { name, object, wrap, outer, own, other } = made;
    const said = (id: string) => outer(wrap(JSON.stringify(object(name, id))));
    if (codeOf(said(own), own) !== 'shown')
      failures.push(`seed ${seed}: ${own} is refused ${JSON.stringify(said(own))}`);
    if (own !== other && codeOf(said(other), own) !== 'TENANT_MISMATCH')
      failures.push(`seed ${seed}: ${own} is shown ${JSON.stringify(said(other))}`);
  }
  prove(context, {
    id: 'told.replies',
    property: 'a reply that names another organisation, in any spelling and inside of texts, is not shown',
    trials: rounds,
    unit: 'replies, each for the own and for another organisation',
    failures,
    measured: { seed },
    note: 'Text without the field’s name, such as a bare title, cannot be judged.',
  });
});
