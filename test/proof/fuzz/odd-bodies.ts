import fc from 'fast-check';
import { operatorTools, tools } from '../../../tools/index.ts';
import { call, listing, modern, older } from '../../support/lane-requests.ts';
import { oddRequest } from '../../support/odd-requests.ts';
import { exampleOf } from '../../support/schema-example.ts';
import type { FuzzProtocol } from './contract-check.ts';
import { changed, heavyBodies, oddBodies, textChange } from './odd-text.ts';
import type { FuzzTarget } from './start-target.ts';

export type FuzzCase = {
  readonly protocol: FuzzProtocol;
  readonly bytes: Buffer;
  /** Nothing that is served can be meant by it. */
  readonly mustBeRefused?: boolean;
};

type Template = {
  readonly protocol: FuzzProtocol;
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
};

/** Requests with a body that goes wrong, and some with one that does not, on every route that takes a body. */
export function oddBodyCases({ keys, acme }: FuzzTarget): fc.Arbitrary<FuzzCase> {
  const mcp = mcpTemplates(keys.full, acme.id);
  const rest = restTemplates(tools, keys.full);
  const operator = restTemplates(operatorTools, keys.operator);
  const plain = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...mcp) },
    { weight: 3, arbitrary: fc.constantFrom(...rest) },
    { weight: 1, arbitrary: fc.constantFrom(...operator) },
  );
  const odd = oddRequest([keys.full, keys.canonical, keys.nothing]).map(asTemplate);
  const template = fc.oneof({ weight: 9, arbitrary: plain }, { weight: 4, arbitrary: odd });
  const speaker = fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.constantFrom(...Object.values(keys)) },
  );
  const body = fc.oneof(
    { weight: 4000, arbitrary: fc.array(textChange, { minLength: 1, maxLength: 3 }) },
    { weight: 500, arbitrary: fc.constantFrom(...oddBodies) },
    {
      weight: 500,
      arbitrary: fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some).toString('latin1')),
    },
    { weight: 3, arbitrary: fc.constantFrom(...heavyBodies) },
  );
  const header = fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...oddHeaders) },
  );
  const several = fc
    .record({ template, speaker, body, header, isChunked: fc.integer({ max: 15, min: 0 }) })
    .map(({ template: base, speaker: key, body: wrong, header: extra, isChunked }) => {
      const headers = base.headers
        .filter(([name]) => extra === undefined || name.toLowerCase() !== extra[0])
        .map(([name, value]) => [
          name,
          name === 'Authorization' && key !== undefined ? `Bearer ${key}` : value,
        ]);
      if (extra !== undefined && extra[1] !== null) headers.push([extra[0], extra[1]]);
      return {
        protocol: base.protocol,
        bytes: requestBytes(base.line, headers, bodyOf(base, wrong), isChunked === 0),
      };
    });
  return fc.oneof({ weight: 15, arbitrary: several }, { weight: 1, arbitrary: twiceNamed(plain) });
}

/** Correct, except that one of its names occurs twice in an object; the second is the original one. */
const twiceNamed = (plain: fc.Arbitrary<Template>): fc.Arbitrary<FuzzCase> =>
  fc.tuple(plain, fc.nat(1000), fc.constantFrom('null', '1', '{}')).map(([base, at, literal]) => ({
    protocol: base.protocol,
    mustBeRefused: true,
    bytes: requestBytes(base.line, base.headers, changed(base.body, { kind: 'twice', at, literal })),
  }));

const bodyOf = (base: Template, odd: string | (() => string) | Parameters<typeof changed>[1][]): string => {
  if (typeof odd === 'string') return odd;
  return typeof odd === 'function' ? odd() : odd.reduce(changed, base.body);
};

/** A request as its bytes; `body` holds one byte in each character. */
export function requestBytes(
  line: string,
  headers: readonly (readonly string[])[],
  body: string,
  isChunked = false,
): Buffer {
  const head = [line, 'Host: localhost', ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  if (!isChunked) return Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
  const half = Math.ceil(body.length / 2);
  const chunks = [body.slice(0, half), body.slice(half)]
    .filter((piece) => piece !== '')
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return Buffer.from(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`, 'latin1');
}

const asTemplate = ({ headers, body }: { headers: Template['headers']; body: string }): Template => ({
  protocol: 'mcp',
  line: 'POST /mcp HTTP/1.1',
  headers: headers.map(([name, value]) => [name, latin1(value)]),
  body: latin1(body),
});

export const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function mcpTemplates(key: string, organizationId: string): Template[] {
  const plain = { name: 'fuzz', version: '1' };
  const initialize = {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: plain },
  };
  const messages = [
    listing,
    ...tools
      .filter(({ onMcp }) => onMcp)
      .map(({ name, inputJsonSchema: schema }) => call(name, exampleOf(schema, schema))),
    call('search_agents', { query: 'nurse', limit: 2, tags: ['a'], min_age: 3 }),
    { method: 'ping' },
    { method: 'prompts/list' },
    { method: 'resources/read', params: { uri: 'agent://x' } },
    {
      method: 'completion/complete',
      params: { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'a', value: 'b' } },
    },
    ...['agent', 'study'].flatMap((kind) =>
      ['n', { toString: 1 }, [[{ toString: null }]], 'İ'.repeat(1000)].map((value) => ({
        method: 'completion/complete',
        params: {
          ref: { type: 'ref/resource', uri: `${kind}://{${kind}_id}` },
          argument: { name: `${kind}_id`, value },
        },
      })),
    ),
    { method: 'resources/read', params: { uri: 'study://%ff%00' } },
    { method: 'notifications/cancelled', params: { requestId: 1 } },
    { method: 'subscriptions/listen', params: { filter: {} } },
    { method: 'no/such' },
  ];
  const both = messages.flatMap((message) => [modern(key, message), older(key, message)]);
  const all = [...both, modern(key, { method: 'server/discover' }), older(key, initialize)].map(asTemplate);
  return [...all, ...all.map((each) => ({ ...each, line: `POST /o/${organizationId}/mcp HTTP/1.1` }))];
}

function restTemplates(
  of: readonly (typeof tools)[number][] | typeof operatorTools,
  key: string,
): Template[] {
  return of
    .filter(({ rest }) => /^(?:POST|PUT|PATCH) /.test(rest ?? ''))
    .map(({ rest, inputJsonSchema: schema }) => {
      const inPath = [...(rest ?? '').matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      const example = Object.entries(Object(exampleOf(schema, schema)));
      const body = Object.fromEntries(example.filter(([name]) => !inPath.includes(name)));
      return {
        protocol: 'rest',
        line: `${(rest ?? '').replaceAll(/\{[^}]+\}/g, 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV')} HTTP/1.1`,
        headers: [
          ['Authorization', `Bearer ${key}`],
          ['Content-Type', 'application/json'],
          ['X-Break-Glass-Reason', 'fuzz'],
        ],
        body: latin1(JSON.stringify(body)),
      };
    });
}

/** Null takes the header away. */
const oddHeaders: readonly (readonly [name: string, value: string | null])[] = [
  ['content-type', null],
  ['content-type', 'text/plain'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json;charset=utf-8'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity'],
  ['accept', 'text/plain'],
  ['accept', 'application/json'],
  ['mcp-protocol-version', '1999-01-01'],
  ['mcp-protocol-version', '2026-07-28'],
  ['mcp-protocol-version', '2025-03-26'],
  ['mcp-protocol-version', null],
  ['mcp-method', 'tools/list'],
  ['mcp-method', '__proto__'],
  ['mcp-name', '=?base64?/////w==?='],
  ['x-organization-id', 'constructor'],
  ['x-organization-id', ''],
  ['expect', '100-continue'],
  ['traceparent', '00-x'],
];
