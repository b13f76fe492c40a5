import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/tool/define-tool.ts';
import { tools as shippedTools } from '../../../tools/index.ts';
import { envelope } from '../../support/http.ts';
import { call, listing, modern, older } from '../../support/lane-requests.ts';
import { slowTools } from '../../support/slow-tools.ts';
import { expectSame, expectSameRows, type LaneRequest, startTwoLanes } from '../../support/two-lanes.ts';

/** Texts that are easy to write down wrongly by hand. */
const odd = [
  '"\\/\b\f\n\r\t\u0000\u001f',
  '\u2028\u2029',
  '\ud800 half',
  'é 漢 🙂',
  '</script>',
  '__proto__',
  '',
];

const oddTools = [
  defineTool({
    name: 'odd_texts',
    title: 'Odd texts',
    description: `Answers ${odd.join(' ')}`,
    scope: 'any',
    effect: 'reads',
    input: z.strictObject({}),
    output: z.object({
      texts: z.array(z.string()),
      numbers: z.array(z.number()),
      more: z.record(z.string(), z.unknown()),
    }),
    handle: async () => ({
      texts: odd,
      numbers: [-0, 1e21, 1e-7, Number.MAX_SAFE_INTEGER],
      more: { constructor: 1, '': null, left_out: undefined, nested: { '"': [[]] } },
    }),
  }),
  defineTool({
    name: 'broken',
    title: 'Broken',
    description: 'Fails as no tool should.',
    scope: 'any',
    effect: 'reads',
    input: z.strictObject({}),
    output: z.object({ says: z.string() }),
    async handle() {
      throw new TypeError('a secret detail');
    },
  }),
  defineTool({
    name: 'wrong_output',
    title: 'Wrong output',
    description: 'Answers what it does not declare.',
    scope: 'any',
    effect: 'reads',
    input: z.strictObject({}),
    output: z.object({ says: z.string() }),
    handle: async () => ({ says: 1 }) as never,
  }),
];

const start = (denial: 'http-403' | 'tool-error' = 'http-403') =>
  startTwoLanes({ tools: [...shippedTools, ...oddTools, ...slowTools], config: { scopes: { denial } } });

const messages = [
  listing,
  call('whoami'),
  call('search_agents', { query: 'nurse', limit: 3 }),
  call('search_agents', { query: 'nurse', limit: 'three' }),
  call('search_agents', { unknown: 1 }),
  call('get_agent', { agent_id: 'agt_absent' }),
  call('list_jobs', { cursor: 'garbled' }),
  call('list_keys'),
  call('create_study', { name: 'x' }),
  call('odd_texts'),
  call('broken'),
  call('wrong_output'),
  call('counting'),
  call('no_such_tool'),
  call('whoami', { organization_id: 'org_01M7W6D6A689BQSSH5324Z8SXT' }),
  call('whoami', null),
  call('whoami', []),
  { method: 'tools/call', params: { name: 'whoami' } },
  { method: 'tools/call', params: {} },
  { method: 'tools/call' },
];

test.each(['http-403', 'tool-error'] as const)(
  'both lanes give every kind of answer with the same bytes and the same audit row, with denial %s',
  async (denial) => {
    const { send, acme, mint, audit } = await start(denial);
    const keys = [
      acme.defaultKey,
      (await mint(acme, { scopes: ['agent:search', 'key:read', 'study:write'] })).plaintext,
      (await mint(acme, { scopes: ['agent:search', 'agent:read'], restrictions: { tools: ['get_agent'] } }))
        .plaintext,
      (await mint(acme, { restrictions: { workspace_ids: ['ws_1'] } })).plaintext,
      `${acme.defaultKey.slice(0, -6)}000000`,
    ];
    const sent: LaneRequest[] = keys.flatMap((key) =>
      messages.flatMap((message) => [modern(key, message), older(key, message)]),
    );
    const answers = await inTurn(sent, send);
    for (const pair of answers) expectSame(pair);
    expectSameRows(await audit(1000), answers);
    expect(new Set(answers.map(([{ status }]) => status))).toEqual(new Set([200, 400, 401, 403, 500]));
  },
);

/** A request in the 2026 era with one thing about it changed. */
const withHeader = (request: LaneRequest, name: string, ...values: string[]): LaneRequest => ({
  ...request,
  headers: [
    ...request.headers.filter(([each]) => each !== name),
    ...values.map((value) => [name, value] as const),
  ],
});

test('what is unusual in form gets the same answer from both lanes', async () => {
  const { send, acme, bolt } = await start();
  const key = acme.defaultKey;
  const whoami = modern(key, call('whoami'));
  const before = older(key, call('whoami'));
  const versions = [
    '2025-11-25',
    '2025-06-18',
    '2025-03-26',
    '2024-11-05',
    '2024-10-07',
    '2023-01-01',
    '',
    'DRAFT',
  ];
  const metas = [
    { progressToken: 7 },
    { progressToken: 'a' },
    { progressToken: 1.5 },
    { progressToken: null },
    { 'com.example/anything': { deep: [1] } },
    { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    { 'io.modelcontextprotocol/logLevel': 'debug' },
    { 'io.modelcontextprotocol/logLevel': 'loud' },
    { 'io.modelcontextprotocol/related-task': { taskId: 1 } },
    { 'io.modelcontextprotocol/clientInfo': undefined },
    { 'io.modelcontextprotocol/clientInfo': { name: 'x' } },
    { 'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1', title: 'X', icons: [{ src: 5 }] } },
    {
      'io.modelcontextprotocol/clientInfo': {
        name: 'x',
        version: '1',
        title: 'X',
        websiteUrl: 'no url',
        more: 1,
      },
    },
    { 'io.modelcontextprotocol/clientCapabilities': undefined },
    { 'io.modelcontextprotocol/clientCapabilities': null },
    { 'io.modelcontextprotocol/clientCapabilities': { tasks: { list: 5 } } },
    {
      'io.modelcontextprotocol/clientCapabilities': {
        roots: { listChanged: true },
        sampling: {},
        elicitation: {},
      },
    },
    { 'io.modelcontextprotocol/clientCapabilities': { roots: { listChanged: 'yes' } } },
    { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: { applyDefaults: 1 } } } },
    { 'io.modelcontextprotocol/clientCapabilities': { sampling: { tools: [] } } },
    {
      'io.modelcontextprotocol/clientCapabilities': {
        extensions: { 'io.example/ui': { mimeTypes: ['text/html'] } },
      },
    },
    { 'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.example/ui': 1 } } },
    { 'io.modelcontextprotocol/protocolVersion': '2025-11-25' },
    { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' },
    { 'io.modelcontextprotocol/protocolVersion': 20260728 },
  ];
  const bodies = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","_meta":null}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","_meta":[]}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{"__proto__":{"limit":1}}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","task":{"ttl":1}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"},"extra":1}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":5}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"more":5}}',
    '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":"\\u2028\\"","method":"tools/list"}',
    '{"jsonrpc":"2.0","method":"tools/list"}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}',
    `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":${JSON.stringify(envelope)},"_meta":{}}}`,
    '[]',
    '',
  ];
  const sent: LaneRequest[] = [
    ...metas.flatMap((meta) => [modern(key, call('whoami'), meta), modern(key, listing, meta)]),
    ...metas.map((meta) => modern(key, call('counting'), meta)),
    ...versions.flatMap((version) =>
      [whoami, before].map((request) => withHeader(request, 'Mcp-Protocol-Version', version)),
    ),
    ...bodies.flatMap((body) => [
      { ...before, body },
      { ...whoami, body },
    ]),
    withHeader(before, 'Accept'),
    withHeader(before, 'Accept', 'application/json'),
    withHeader(before, 'Accept', 'text/event-stream', 'application/json'),
    withHeader(before, 'Accept', 'text/event-stream'),
    withHeader(before, 'Accept', '*/*'),
    withHeader(before, 'Mcp-Session-Id', 'x'),
    withHeader(whoami, 'Accept'),
    withHeader(whoami, 'Mcp-Method'),
    withHeader(whoami, 'Mcp-Method', 'tools/list'),
    withHeader(whoami, 'Mcp-Method', 'tools/call', 'tools/call'),
    withHeader(whoami, 'Mcp-Name'),
    withHeader(whoami, 'Mcp-Name', 'list_jobs'),
    withHeader(whoami, 'Mcp-Name', '=?base64?d2hvYW1p?='),
    withHeader(whoami, 'Mcp-Name', '=?base64?!?='),
    withHeader(whoami, 'Mcp-Param-Limit', '1'),
    withHeader(whoami, 'X-Organization-Id', acme.id),
    withHeader(whoami, 'X-Organization-Id', bolt.id),
    withHeader(whoami, 'Content-Type', 'text/plain'),
    modern(key, call('deaf')),
    { ...whoami, target: `/o/${acme.id}/mcp` },
    { ...whoami, target: `/o/${bolt.id}/mcp` },
  ];
  for (const pair of await inTurn(sent, send)) expectSame(pair);
});

test('a tool that does not declare progress cannot report any', async () => {
  const seen: unknown[] = [];
  const sly = defineTool({
    name: 'sly',
    title: 'Sly',
    description: 'Looks for a way to report.',
    scope: 'any',
    effect: 'reads',
    input: z.strictObject({}),
    output: z.object({}),
    async handle(_input, { progress }) {
      seen.push(progress);
      return {};
    },
  });
  const { send, acme } = await startTwoLanes({ tools: [sly] });
  expectSame(await send(modern(acme.defaultKey, call('sly'), { progressToken: 1 })));
  expect(seen).toEqual([null, null]);
});

test('the 2025 era is answered in JSON where the form is beyond doubt, and in a stream where progress is told', async () => {
  const { send, acme } = await start();
  const [fast, sdk] = await send(older(acme.defaultKey, call('whoami')));
  expect(fast.headers['content-type']).toBe('application/json');
  expect(sdk.headers['content-type']).toBe('text/event-stream');
  const params = { name: 'whoami', arguments: {}, _meta: { progressToken: 1 } };
  const [quiet] = await send(older(acme.defaultKey, { method: 'tools/call', params }));
  expect(quiet.headers['content-type']).toBe('application/json');
  const [counted] = await send(
    older(acme.defaultKey, { method: 'tools/call', params: { ...params, name: 'counting' } }),
  );
  expect(counted.headers['content-type']).toBe('text/event-stream');
  expect(counted.text.match(/notifications\/progress/g)).toHaveLength(3);
});

async function inTurn<Sent, Got>(sent: readonly Sent[], send: (each: Sent) => Promise<Got>): Promise<Got[]> {
  const got: Got[] = [];
  for (const each of sent) got.push(await send(each));
  return got;
}
