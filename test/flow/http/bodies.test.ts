import { expect, test } from 'vitest';
import { rawRequest } from '../../support/http.ts';
import { bearer, mcpBody, mcpHeaders, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const MOST_BYTES = 1024 * 1024;
const JSON_TYPE: RawHeader = ['Content-Type', 'application/json'];

/** Headers of a call whose body is given by hand, over MCP or REST. */
async function startProtocols() {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, {
    additionalScopes: ['research_group:write', 'key:write'],
  });
  const typed = mcpHeaders('tools/list').filter(([name]) => name !== 'Content-Type');
  const send = (
    protocol: 'mcp' | 'rest',
    body: string | Buffer,
    headers: readonly RawHeader[] = [JSON_TYPE],
  ) =>
    rawHttp(app.port, {
      method: 'POST',
      target: protocol === 'mcp' ? '/mcp' : '/v1/keys',
      headers: [bearer(key), ...(protocol === 'mcp' ? typed : []), ...headers],
      body,
    });
  return { app, key, send };
}

const list = mcpBody('tools/list');
/** Valid on REST, filled up with spaces to `bytes`. */
const minted = (bytes = 0) => '{"scope_type":"global","name":"made","scopes":[]}'.padEnd(bytes, ' ');

test('a body of exactly 1 MiB is read; one byte more is not', async () => {
  const { send } = await startProtocols();
  expect((await send('mcp', list.padEnd(MOST_BYTES, ' '))).status).toBe(200);
  expect((await send('rest', minted(MOST_BYTES))).status).toBe(201);
  for (const [protocol, body] of [
    ['mcp', list],
    ['rest', minted()],
  ] as const) {
    const answer = await send(protocol, body.padEnd(MOST_BYTES + 1, ' '));
    expectRefusal(answer, 413, 'BODY_TOO_LARGE', protocol);
    if (protocol === 'mcp') expect(answer.body).toMatchObject({ id: null, error: { code: 41301 } });
  }
});

test('a declared length is not believed, and an undeclared one is counted', async () => {
  const { app, key } = await startProtocols();
  const start = (...lines: string[]) =>
    [
      'POST /v1/keys HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${key}`,
      'Content-Type: application/json',
    ]
      .concat(lines, '', '')
      .join('\r\n');
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`;
  const chunked = start('Transfer-Encoding: chunked');
  const tooMuch = `${chunked}${chunk(MOST_BYTES / 2)}${chunk(MOST_BYTES / 2)}${chunk(1)}0\r\n\r\n`;
  expect(codeOf(await rawRequest(app.port, tooMuch))).toEqual([413, 'BODY_TOO_LARGE']);
  // Told of more than it may be, the server does not wait for it.
  const announced = `${start(`Content-Length: ${MOST_BYTES + 1}`)}{}`;
  expect(codeOf(await rawRequest(app.port, announced))).toEqual([413, 'BODY_TOO_LARGE']);
  const huge = start('Content-Length: 99999999999999');
  expect(codeOf(await rawRequest(app.port, huge))).toEqual([413, 'BODY_TOO_LARGE']);
  // Two lengths, or none that counts: the parser lets no such request in.
  const two = [`Content-Length: 2`, 'Transfer-Encoding: chunked'];
  for (const lines of [
    two,
    ['Content-Length: 2', 'Content-Length: 3'],
    ['Content-Length: -1'],
    ['Content-Length: 2x'],
  ]) {
    expect([lines, (await rawRequest(app.port, `${start(...lines)}{}`)).status]).toEqual([lines, 400]);
  }
  expect(app.sent).toEqual([]);
});

function codeOf({ status, body }: { readonly status: number; readonly body: string }) {
  return [status, JSON.parse(body).error.code];
}

test('bytes behind the declared length are no part of the request, and start no other', async () => {
  const { app, key } = await startProtocols();
  const body = minted();
  const head = `POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${key}\r\n`;
  const smuggled = `GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${app.bolt.defaultKey}\r\n\r\n`;
  const request = `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}${smuggled}`;
  const answer = await rawRequest(app.port, request);
  // The parser may refuse the connection before the first answer is written.
  expect(answer.status).toBeOneOf([201, 400]);
  expect(answer.body).not.toContain('Bolt');
  const rows = await app.audit();
  expect(
    rows.filter(({ organizationId, method }) => organizationId === app.bolt.id && method === 'GET'),
  ).toEqual([]);
});

test('only application/json in UTF-8, in no encoding, is read', async () => {
  const { send } = await startProtocols();
  const accepted = ['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8'];
  for (const type of [
    ...accepted,
    'application/json;charset="UTF-8"',
    'application/json ; charset = utf-8',
  ]) {
    expect([type, (await send('mcp', list, [['Content-Type', type]])).status]).toEqual([type, 200]);
    expect([type, (await send('rest', minted(), [['Content-Type', type]])).status]).toEqual([type, 201]);
  }
  const types = [
    'text/plain',
    'text/json',
    'application/jsonp',
    'application/json-rpc',
    'application/vnd.api+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json, text/plain',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; x=y',
    'application/json\u00a0',
    'json',
    '*/*',
    '',
  ];
  const wrong: RawHeader[][] = [
    ...types.map((type): RawHeader[] => [['Content-Type', type]]),
    [],
    [JSON_TYPE, JSON_TYPE],
    [JSON_TYPE, ['content-type', 'text/plain']],
    ...['gzip', 'identity', 'br', 'deflate, gzip', ''].map((encoding): RawHeader[] => [
      JSON_TYPE,
      ['Content-Encoding', encoding],
    ]),
  ];
  for (const headers of wrong) {
    for (const protocol of ['mcp', 'rest'] as const) {
      const answer = await send(protocol, protocol === 'mcp' ? list : minted(), headers);
      expectRefusal(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', `${protocol} ${JSON.stringify(headers)}`);
      if (protocol === 'mcp') expect(answer.body).toMatchObject({ id: null, error: { code: 41501 } });
    }
  }
});

test('what is not JSON is refused, with nothing of it in the answer', async () => {
  const { app, send } = await startProtocols();
  const utf8 = (text: string) => Buffer.from(text, 'utf8');
  const bodies: [string, string | Buffer][] = [
    ['empty', ''],
    ['blank', ' \n'],
    ['text', 'secret-marker'],
    ['cut short', list.slice(0, -1)],
    ['with more behind', `${list}x`],
    ['two documents', `${list}${list}`],
    ['single quotes', list.replaceAll('"', "'")],
    ['trailing comma', '{"a":1,}'],
    ['a comment', `/* */${list}`],
    ['NaN', '{"id":NaN}'],
    ['NUL', `${list}\u0000`],
    ['a raw control character in a string', '{"a":"\u0001"}'],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8(list)])],
    ['UTF-16', Buffer.from(list, 'utf16le')],
    ['a lone continuation byte', Buffer.concat([utf8('{"a":"'), Buffer.from([0x80]), utf8('"}')])],
    ['a cut sequence', Buffer.concat([utf8('{"a":"'), Buffer.from([0xe2, 0x82]), utf8('"}')])],
    ['an overlong slash', Buffer.concat([utf8('{"a":"'), Buffer.from([0xc0, 0xaf]), utf8('"}')])],
    ['a surrogate in UTF-8', Buffer.concat([utf8('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), utf8('"}')])],
  ];
  for (const [label, body] of bodies) {
    for (const protocol of ['mcp', 'rest'] as const) {
      const answer = await send(protocol, body);
      expectRefusal(answer, 400, 'PARSE_ERROR', `${protocol}: ${label}`);
      if (protocol === 'mcp') expect(answer.body).toMatchObject({ id: null, error: { code: -32700 } });
      expect(answer.text).not.toMatch(/secret-marker|position|token|Unexpected/);
    }
  }
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ organizationId: app.acme.id, status: 400, errorCode: 'PARSE_ERROR' });
});

test('64 levels are read, 65 and a million are not, and the server lives on', async () => {
  const { app, key, send } = await startProtocols();
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const params = (levels: number) => list.replace('"params":{', `"params":{"x":${nested(levels - 2)},`);
  expect((await send('mcp', params(64))).status).toBe(200);
  const deep = [params(65), nested(65), '{"a":'.repeat(65), nested(10_000), '['.repeat(1_000_000)];
  for (const body of [...deep, `{"a":${'[{"b":'.repeat(40)}`, '[{'.repeat(33)]) {
    for (const protocol of ['mcp', 'rest'] as const) {
      const answer = await send(protocol, body);
      expectRefusal(answer, 400, 'TOO_DEEP', `${protocol} ${body.slice(0, 20)}`);
      if (protocol === 'mcp') expect(answer.body).toMatchObject({ id: null, error: { code: -32600 } });
    }
  }
  // Brackets inside a string are text.
  const text = JSON.stringify('["\\'.repeat(300));
  expect((await send('mcp', list.replace('"params":{', `"params":{"x":${text},`))).status).toBe(200);
  expect((await rawHttp(app.port, { target: '/v1/whoami', headers: [bearer(key)] })).status).toBe(200);
});

test('a message is one JSON-RPC request', async () => {
  const { app, send } = await startProtocols();
  for (const body of ['[]', `[${list}]`, `[${list},${list}]`, '[[]]', '[1]']) {
    const answer = await send('mcp', body);
    expectRefusal(answer, 400, 'BATCH_NOT_SUPPORTED', body);
    expect(answer.body).toMatchObject({ id: null, error: { code: -32600 } });
  }
  const with_ = (change: object) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', ...change });
  const wrong = [
    ...['null', '1', '"x"', 'true', '{}'],
    '{"id":1,"method":"tools/list"}',
    with_({ jsonrpc: '1.0' }),
    with_({ jsonrpc: 2 }),
    with_({ method: undefined }),
    with_({ method: 1 }),
    with_({ method: ['tools/list'] }),
    with_({ params: [] }),
    with_({ params: 'x' }),
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
    with_({ method: 'tools/call', params: {} }),
    with_({ method: 'tools/call', params: { name: 7 } }),
    with_({ method: 'tools/call' }),
  ];
  for (const body of wrong) {
    const answer = await send('mcp', body);
    expectRefusal(answer, 400, 'INVALID_REQUEST', body);
    expect(answer.body.error.code).toBe(-32600);
  }
  expect(app.sent).toEqual([]);
});

test('an id is a string or a whole number that survives; anything else is refused with id null', async () => {
  const { send } = await startProtocols();
  const withId = (id: string) => list.replace('"id":1', `"id":${id}`);
  for (const id of [
    '0',
    '-1',
    '1',
    '9007199254740991',
    '-9007199254740991',
    '""',
    '"a"',
    '"\\u0000\\ud83d\\ude00"',
  ]) {
    const answer = await send('mcp', withId(id));
    expect([id, answer.status, answer.body.id]).toEqual([id, 200, JSON.parse(id)]);
  }
  const wrong = [
    'null',
    '1.5',
    '-0.5',
    '{}',
    '[]',
    '[1]',
    'true',
    '9007199254740993',
    '9007199254740992',
    '1e999',
  ];
  for (const id of [...wrong, '-1e999', '1e-7', '123456789012345678901234567890', `"${'x'.repeat(257)}"`]) {
    const answer = await send('mcp', withId(id));
    expectRefusal(answer, 400, 'INVALID_REQUEST', id);
    expect(answer.body.id).toBeNull();
  }
});

test('on REST a body is one object', async () => {
  const { app, send } = await startProtocols();
  for (const body of ['[]', '[{}]', 'null', '1', '"x"', 'true']) {
    expectRefusal(await send('rest', body), 400, 'VALIDATION_ERROR', body);
  }
  expect(app.sent).toEqual([]);
});
