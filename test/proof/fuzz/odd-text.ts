import fc from 'fast-check';

/** JSON values at the edges of what a parser, a schema or a store takes. */
export const oddLiterals: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '1e-7',
  '9007199254740993',
  '123456789012345678901234567890',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '""',
  '" "',
  '"x"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\u202e"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"../../../victim"',
  '"%2e%2e%2f"',
  `"' OR 1=1 --"`,
  '"2026-07-28"',
  '"9999-99-99T99:99:99Z"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toJSON":"x","then":{}}',
  '{"length":1000000000}',
  '{"organization_id":"org_01ARZ3NDEKTSV4RRFFQ69G5FAV"}',
  `[${'0,'.repeat(999)}0]`,
  `"${'x'.repeat(5000)}"`,
  `${'['.repeat(50)}${']'.repeat(50)}`,
  `${'['.repeat(65)}${']'.repeat(65)}`,
  `${'{"a":'.repeat(64)}1${'}'.repeat(64)}`,
];

/** Whole bodies, as the bytes that they are: text in Latin-1. */
export const oddBodies: readonly string[] = [
  '',
  ' ',
  '[]',
  '[[]]',
  '[{}]',
  'null',
  'true',
  '7',
  '"x"',
  '{',
  '}',
  '{"',
  '{"a"}',
  '{"a":}',
  "{'a':1}",
  '{"a":1,}',
  '{"a":01}',
  '{"a":NaN}',
  '{}{}',
  '{}\0',
  '\0',
  '\xff\xfe{\0}\0',
  '\xef\xbb\xbf{}',
  '{"a":"\xc3',
  '{"a":"\xc3\x28"}',
  '{"a":"\xed\xa0\x80"}',
  '{"a":"\xc0\xaf"}',
  '{"a":"\t"}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
  '['.repeat(10_000),
  '{"a":'.repeat(10_000),
  // Whole: what walks through it by recursion must not be reached.
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  'a=1&b=2',
  '<x/>',
  '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
];

/** Bodies of a megabyte; each costs as much as a hundred others. */
export const heavyBodies: readonly (() => string)[] = [
  () => '['.repeat(1_000_000),
  () => `[${'0,'.repeat(500_000)}0]`,
  () => `{"jsonrpc":"2.0","id":1,"method":"tools/list","x":"${'x'.repeat(1_048_000)}"}`,
  () => `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":[${'{},'.repeat(300_000)}{}]}}`,
  () => `{${Array.from({ length: 60_000 }, (_, at) => `"n${at}":${at}`).join()}}`,
  () => `{"name":"${'\\u0000'.repeat(170_000)}"}`,
  () => `${'['.repeat(500_000)}${']'.repeat(500_000)}`,
  () => ' '.repeat(1_048_577),
];

/** One change of a text whose bytes are its characters. Places are drawn large and taken modulo what there is. */
export type TextChange =
  | { readonly kind: 'value'; readonly at: number; readonly literal: string }
  | { readonly kind: 'member' | 'twice'; readonly at: number; readonly literal: string }
  | { readonly kind: 'cut' | 'flip' | 'drop' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'around'; readonly before: string; readonly after: string };

const at = fc.nat(100_000);
const byte = fc.oneof(
  fc.constantFrom(0, 9, 10, 13, 34, 44, 58, 91, 92, 123, 125, 0xc3, 0xed, 0xff),
  fc.nat(255),
);

export const textChange: fc.Arbitrary<TextChange> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('value' as const),
      at,
      literal: fc.constantFrom(...oddLiterals),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('member' as const, 'twice' as const),
      at,
      literal: fc.constantFrom(...oddLiterals),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut' as const, 'flip' as const, 'drop' as const, 'insert' as const),
      at,
      byte,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { kind: 'around' as const, before: '\xef\xbb\xbf', after: '' },
      { kind: 'around' as const, before: '', after: '\0' },
      { kind: 'around' as const, before: '', after: '{}' },
      { kind: 'around' as const, before: '', after: ' \r\n\t' },
      { kind: 'around' as const, before: '[', after: ']' },
      { kind: 'around' as const, before: '[[', after: ']]' },
      { kind: 'around' as const, before: '{"a":'.repeat(70), after: '}'.repeat(70) },
    ),
  },
);

const VALUE = /(?<=[:[,]\s*)(?:"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\])/g;
const MEMBER = /"((?:[^"\\]|\\.)*)"\s*:/g;
const memberNames = [
  '__proto__',
  '\\u005f_proto__',
  'constructor',
  'toString',
  '',
  'organization_id',
  'x'.repeat(300),
];

/** `text` with the change made, where it has a place for it. */
export function changed(text: string, change: TextChange): string {
  switch (change.kind) {
    case 'around':
      return change.before + text + change.after;
    case 'value':
      return spliced(text, VALUE, change.at, () => change.literal);
    case 'twice':
      return spliced(text, MEMBER, change.at, (found) => `${found}${change.literal},${found}`);
    case 'member': {
      const name = memberNames[change.at % memberNames.length];
      return spliced(text, MEMBER, change.at, (found) => `"${name}":${change.literal},${found}`);
    }
    default: {
      const index = change.at % (text.length + 1);
      if (change.kind === 'cut') return text.slice(0, index);
      const rest = change.kind === 'insert' ? index : index + 1;
      const put = change.kind === 'drop' ? '' : String.fromCharCode(change.byte);
      return text.slice(0, index) + put + text.slice(rest);
    }
  }
}

function spliced(text: string, pattern: RegExp, index: number, put: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  const chosen = found[index % Math.max(1, found.length)];
  if (chosen === undefined) return put('');
  const end = chosen.index + chosen[0].length;
  return text.slice(0, chosen.index) + put(chosen[0]) + text.slice(end);
}
