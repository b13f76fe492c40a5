import fc from 'fast-check';
import { call, listing, modern, older } from './lane-requests.ts';
import type { LaneRequest } from './two-lanes.ts';

type Json = Record<string, unknown>;

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    0,
    -1,
    1.5,
    1e300,
    '',
    'x',
    true,
    [],
    {},
    [[]],
    { a: 1 },
    'tools/list',
    '2026-07-28',
    '2025-06-18',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const names = [
  'jsonrpc',
  'id',
  'method',
  'params',
  'name',
  'arguments',
  '_meta',
  'cursor',
  'task',
  'limit',
  'query',
  'organization_id',
  'progressToken',
  'inputResponses',
  'requestState',
  'version',
  'title',
  'websiteUrl',
  'icons',
  'roots',
  'listChanged',
  'sampling',
  'elicitation',
  'form',
  'url',
  'extensions',
  'experimental',
  'tasks',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/related-task',
  'com.example/own',
  'constructor',
  '__proto__',
];

const message = fc.constantFrom(
  listing,
  call('whoami'),
  call('search_agents', { query: 'nurse', limit: 2 }),
  call('get_agent', { agent_id: 'agt_absent' }),
  call('list_jobs', { cursor: 'garbled' }),
  call('list_keys'),
  call('stepping'),
);

/** Somewhere in the body something is set, or taken away. */
type BodyChange = { readonly path: readonly string[]; readonly name: string; readonly value: unknown };

const places: readonly (readonly string[])[] = [
  [],
  ['params'],
  ['params', '_meta'],
  ['params', 'arguments'],
  ['params', '_meta', 'io.modelcontextprotocol/clientInfo'],
  ['params', '_meta', 'io.modelcontextprotocol/clientCapabilities'],
  ['params', '_meta', 'io.modelcontextprotocol/clientCapabilities', 'roots'],
  ['params', '_meta', 'io.modelcontextprotocol/clientCapabilities', 'elicitation'],
];

const bodyChange: fc.Arbitrary<BodyChange> = fc.record({
  path: fc.constantFrom(...places),
  name: fc.constantFrom(...names),
  value: fc.option(hostile, { nil: undefined }),
});

const headerNames = [
  'Accept',
  'Content-Type',
  'Mcp-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
  'Mcp-Param-Limit',
];
const headerValue = fc.constantFrom(
  'application/json',
  'text/event-stream',
  'application/json, text/event-stream',
  '*/*',
  '2026-07-28',
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '1999-01-01',
  'tools/call',
  'tools/list',
  'whoami',
  'get_agent',
  'WHOAMI',
  '=?base64?d2hvYW1p?=',
  '',
  'x',
);
const headerChange = fc.record({
  name: fc.constantFrom(...headerNames),
  values: fc.array(headerValue, { maxLength: 2 }),
});

/** A request that is right, with up to three things about it changed. */
export function oddRequest(keys: readonly string[]): fc.Arbitrary<LaneRequest> {
  return fc
    .record({
      key: fc.constantFrom(...keys),
      message,
      isModern: fc.boolean(),
      meta: fc.constantFrom({}, { progressToken: 3 }, { 'com.example/own': 1 }),
      bodyChanges: fc.array(bodyChange, { maxLength: 2 }),
      headerChanges: fc.array(headerChange, { maxLength: 1 }),
    })
    .map(({ key, message: sent, isModern, meta, bodyChanges, headerChanges }) => {
      const base = isModern ? modern(key, sent, meta) : older(key, sent);
      const body: Json = JSON.parse(base.body);
      for (const change of bodyChanges) apply(body, change);
      const changed = new Set(headerChanges.map(({ name }) => name));
      const headers = [
        ...base.headers.filter(([name]) => !changed.has(name)),
        ...headerChanges.flatMap(({ name, values }) => values.map((value) => [name, value] as const)),
      ];
      return { headers, body: JSON.stringify(body) };
    });
}

function apply(body: Json, { path, name, value }: BodyChange): void {
  let at: Json = body;
  for (const step of path) {
    const inner = at[step];
    if (typeof inner !== 'object' || inner === null) return;
    at = inner as Json;
  }
  // Defined, not set: `__proto__` is to be a name like any other.
  if (value === undefined) delete at[name];
  // Each its own copy: a value that is drawn twice must not contain itself.
  else {
    const copy = structuredClone(value);
    Object.defineProperty(at, name, { value: copy, enumerable: true, configurable: true, writable: true });
  }
}
