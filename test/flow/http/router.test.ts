import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OperatorTool } from '../../../src/tool/define-operator-tool.ts';
import type { Tool } from '../../../src/tool/define-tool.ts';
import { createRouter } from '../../../src/transport/http/router.ts';
import { operatorTools, tools } from '../../../tools/index.ts';
import { linearRoutes } from '../../support/linear-routes.ts';

const methods = ['GET', 'POST', 'DELETE'] as const;

/** Few, so that many routes of a table fit one path; `{a` and `a}` are as odd as a document can write them. */
const words = [
  'a',
  'A',
  'b',
  'a%41',
  '%41',
  '%zz',
  '',
  '.',
  'a}',
  'ü',
  '__proto__',
  'constructor',
  'mcp',
  'o',
];
const parameters = ['{a}', '{b}', '{__proto__}', '{', '{a', '{}', '{a}{b}'];
/** What a caller writes into the position of a parameter, or of a word. */
const values = ['x', 'a%2Fb', '%C3%BC', '%c3', '%', '%00', '{a}', '{', ' ', '%20', 'a ', 'a/', '?'];

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom(...words) },
);
const path = fc.array(fc.oneof(word, fc.constantFrom(...parameters)), { maxLength: 5 });
const asked = fc.array(fc.oneof(word, fc.constantFrom(...values)), { maxLength: 5 });
const route = fc.record({ method: fc.constantFrom(...methods), path });
const table = fc.array(route, { maxLength: 60, size: 'max' });

const textOf = (segments: readonly string[]): string => segments.map((segment) => `/${segment}`).join('');

/** Of an operation the router reads its route alone; the name tells which one was found. */
const operations = (routes: readonly { method: string; path: readonly string[] }[]) =>
  routes.map(({ method, path }, index) => ({ name: `tool_${index}`, rest: `${method} ${textOf(path)}` }));
const toolsOf = (routes: Parameters<typeof operations>[0]) =>
  operations(routes) as unknown as readonly Tool[];
const operatorToolsOf = (routes: Parameters<typeof operations>[0]) =>
  operations(routes) as unknown as readonly OperatorTool[];

/** As text, in which the order of the arguments and of the methods counts. */
const shown = (found: object): string =>
  JSON.stringify(found, (key, value) => (key === 'tool' ? value.name : value));

/** A path of the table with its parameters filled, and one that nobody wrote down. */
const pathIn = (routes: readonly { path: readonly string[] }[], index: number, filled: readonly string[]) => {
  const segments = routes[index % Math.max(1, routes.length)]?.path ?? [];
  return textOf(segments.map((each, at) => (each.startsWith('{') ? (filled[at] ?? 'x') : each)));
};

const isOfMcp = (pathname: string): boolean => /^(?:\/mcp|\/o\/[^/]*\/mcp)$/.test(pathname);

test('the index finds what trying one route after the other finds, in any table and for any path', () => {
  let operationsFound = 0;
  let otherMethods = 0;
  fc.assert(
    fc.property(
      table,
      table,
      fc.array(fc.tuple(fc.constantFrom(...methods, 'OPTIONS'), fc.nat(), asked), {
        minLength: 40,
        maxLength: 40,
      }),
      (ofTools, ofOperator, requests) => {
        const given = [toolsOf(ofTools), operatorToolsOf(ofOperator)] as const;
        const router = createRouter(...given, new Map());
        const linear = linearRoutes(...given);
        for (const [method, index, segments] of requests) {
          for (const pathname of [textOf(segments), pathIn([...ofTools, ...ofOperator], index, segments)]) {
            if (isOfMcp(pathname)) continue;
            const expected = linear(method, pathname);
            const { protocol, route } = router.match(method, pathname);
            expect([protocol, pathname, shown(route)]).toEqual(['rest', pathname, shown(expected)]);
            if (expected.kind !== 'public') operationsFound += 1;
            else if (expected.allow.length > 1) otherMethods += 1;
          }
        }
      },
    ),
    { numRuns: 100 },
  );
  // The table and the paths meet often enough to mean something.
  expect(operationsFound).toBeGreaterThan(1000);
  expect(otherMethods).toBeGreaterThan(100);
});

test('so it is with every route of this server, in each of its methods and a little beside it', () => {
  const router = createRouter(tools, operatorTools, new Map());
  const linear = linearRoutes(tools, operatorTools);
  const paths = [...tools, ...operatorTools].flatMap(({ rest }) => rest?.split(' ')[1] ?? []);
  const beside = (each: string) => [each, `${each}/`, each.toUpperCase(), `/${each}`, each.slice(0, -1)];
  for (const pathname of paths.map((each) => each.replaceAll(/\{[^}]+\}/g, 'search%2F')).flatMap(beside))
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect(shown(router.match(method, pathname).route)).toBe(shown(linear(method, pathname)));
});
