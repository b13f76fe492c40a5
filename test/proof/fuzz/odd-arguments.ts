import fc from 'fast-check';
import type { Tool } from '../../../src/tool/define-tool.ts';
import { tools } from '../../../tools/index.ts';
import { call, modern, older } from '../../support/lane-requests.ts';
import { exampleOf } from '../../support/schema-example.ts';
import { type FuzzCase, latin1, requestBytes } from './odd-bodies.ts';
import { oddLiterals } from './odd-text.ts';
import type { FuzzTarget } from './start-target.ts';

export type ArgumentsCase = FuzzCase & {
  /** Whether the path surely leads to the tool's route, with any values in its places. */
  readonly isKnownPath: boolean;
};

type Json = Record<string, unknown>;

/** JSON keeps `1e999` and the like; as values of the program they would be gone. */
const literal = fc.constantFrom(...oddLiterals);
const anyLiteral = fc.oneof(
  literal,
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary', maxLength: 120 }).map((text) => JSON.stringify(text)),
  fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
  fc.integer().map(String),
);

const oddNames = [
  '__proto__',
  'constructor',
  'organization_id',
  'Organization-Id',
  'organizationId[]',
  'x',
  '',
  'limit',
  'cursor',
];

/** Arguments as members of a JSON text: an example of the schema, some replaced, some put in that it does not know. */
function membersFor({ inputJsonSchema: schema }: Tool): fc.Arbitrary<ReadonlyMap<string, string>> {
  const example = Object.entries(exampleOf(schema, schema) as Json).map(
    ([name, value]) => [name, absentId(name) ?? value] as const,
  );
  const known = Object.keys(Object(schema.properties));
  const names = fc.constantFrom(...known, ...known, ...known, ...oddNames);
  return fc
    .array(fc.tuple(names, fc.oneof(anyLiteral, fc.constant(undefined))), { maxLength: 4 })
    .map((changes) => {
      const members = new Map(example.map(([name, value]) => [name, JSON.stringify(value)]));
      for (const [name, value] of changes) {
        if (value === undefined) members.delete(name);
        else members.set(name, value);
      }
      return members;
    });
}

const idPrefixes: Readonly<Record<string, string>> = {
  id: 'key',
  key_id: 'key',
  user_id: 'usr',
  group_id: 'grp',
  agent_id: 'agt',
  research_group_id: 'rgp',
};

/** Well formed, so that the store itself is asked for what it does not have. */
const absentId = (name: string): string | undefined =>
  Object.hasOwn(idPrefixes, name) ? `${idPrefixes[name]}_01ARZ3NDEKTSV4RRFFQ69G5FAV` : undefined;

const jsonOf = (members: ReadonlyMap<string, string>): string =>
  `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;

/** Every tool over each of its protocols, with arguments that are almost, or not at all, what it takes. */
export function argumentsCases({ keys }: FuzzTarget): fc.Arbitrary<ArgumentsCase> {
  const speakers = fc.constantFrom(keys.full, keys.full, keys.full, keys.full, keys.canonical, keys.nothing);
  const perTool = tools.map((tool) => {
    const members = membersFor(tool);
    const cases: fc.Arbitrary<ArgumentsCase>[] = [];
    if (tool.onMcp)
      cases.push(
        fc
          .tuple(speakers, members, fc.boolean())
          .map(([key, given, isModern]) => onMcp(tool, key, given, isModern)),
      );
    if (tool.rest !== null)
      cases.push(
        fc.tuple(speakers, members, spelling).map(([key, given, how]) => onRest(tool, key, given, how)),
      );
    return fc.oneof(...cases);
  });
  return fc.oneof(...perTool);
}

function onMcp(
  tool: Tool,
  key: string,
  members: ReadonlyMap<string, string>,
  isModern: boolean,
): ArgumentsCase {
  const { headers, body } = (isModern ? modern : older)(key, call(tool.name, '@'));
  const text = latin1(body.replace('"@"', () => jsonOf(members)));
  return { protocol: 'mcp', isKnownPath: true, bytes: requestBytes('POST /mcp HTTP/1.1', headers, text) };
}

type Spelling = { readonly path: string | undefined; readonly isRepeated: boolean; readonly extra: string };

/** Other ways to write the parts of a path or a query; undefined leaves the path right. */
const spelling: fc.Arbitrary<Spelling> = fc.record({
  path: fc.option(
    fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2e%2e%2fvictim',
      'a%2fb',
      'a/b',
      '',
      '%',
      '%zz',
      '%c3%28',
      '%00',
      '%ff',
      'a;b',
      'a%3fb',
      'search',
      'review',
      '%F0%9F%98%80',
      'x'.repeat(2000),
    ),
    { nil: undefined, freq: 2 },
  ),
  isRepeated: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
  extra: fc.constantFrom(
    '',
    '',
    '',
    '&',
    '&&=',
    '=x',
    '?',
    '&__proto__=1',
    '&limit=1&limit=2',
    '&limit=%zz',
    '&a[]=1',
    '&tags=a&tags=b',
    '&%00=1',
    '&organization_id=x',
  ),
});

function onRest(
  tool: Tool,
  key: string,
  members: ReadonlyMap<string, string>,
  { path, isRepeated, extra }: Spelling,
): ArgumentsCase {
  const [method = '', pattern = ''] = (tool.rest ?? '').split(' ');
  const rest = new Map(members);
  let isKnownPath = path === undefined || !pattern.includes('{');
  const target = pattern.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = textOf(rest.get(name) ?? '');
    rest.delete(name);
    if (value === '' || path !== undefined) isKnownPath = false;
    return path ?? value;
  });
  const takesBody = /^P/.test(method);
  const pairs = takesBody ? [] : [...rest].flatMap((pair) => (isRepeated ? [pair, pair] : [pair]));
  const query =
    pairs.map(([name, value]) => `${encodeURIComponent(name)}=${textOf(value)}`).join('&') + extra;
  const headers: string[][] = [['Authorization', `Bearer ${key}`]];
  if (takesBody) headers.push(['Content-Type', 'application/json']);
  const line = `${method} ${target}${query === '' ? '' : `?${query}`} HTTP/1.1`;
  return {
    protocol: 'rest',
    isKnownPath,
    bytes: requestBytes(line, headers, takesBody ? latin1(jsonOf(rest)) : ''),
  };
}

/** A JSON text as a URL has it. Half a character has no such form. */
const textOf = (json: string): string => {
  const value: unknown = /^"/.test(json) ? JSON.parse(json) : json;
  return encodeURIComponent(String(value).toWellFormed());
};
