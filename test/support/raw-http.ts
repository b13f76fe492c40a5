import { envelope, type JsonAnswer, rawRequest } from './http.ts';

export type RawHeader = readonly [name: string, value: string];

type RawHttp = {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  /** The Host header; null sends none. */
  readonly host?: string | null;
  /** In their order and spelling; a value's characters are sent as bytes. */
  readonly headers?: readonly RawHeader[];
  readonly body?: string | Buffer;
};

/** One request, written by hand, so that no client tidies it up; its Content-Length is added. */
export async function rawHttp(port: number, request: RawHttp): Promise<JsonAnswer> {
  const { method = 'GET', target = '/', version = '1.1', host = 'localhost', headers = [] } = request;
  const body = Buffer.from(request.body ?? '');
  const lines = [
    `${method} ${target} HTTP/${version}`,
    ...(host === null ? [] : [`Host: ${host}`]),
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(request.body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const answer = await rawRequest(port, Buffer.concat([head, body]));
  const text = Buffer.from(answer.body, 'latin1').toString('utf8');
  return { status: answer.status, headers: headersOf(answer.head), text, body: parseBody(text) };
}

function headersOf(head: string): Headers {
  const lines = head.split('\r\n').slice(1);
  return new Headers(lines.map((line): [string, string] => [line.split(':', 1)[0] ?? '', afterColon(line)]));
}

const afterColon = (line: string): string => line.slice(line.indexOf(':') + 1).trim();

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a request on `/mcp` carries in the 2026 era, besides its credential. */
export const mcpHeaders = (method: string, name?: string): RawHeader[] => [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
  ['Mcp-Protocol-Version', '2026-07-28'],
  ['Mcp-Method', method],
  ...(name === undefined ? [] : [['Mcp-Name', name] as const]),
];

/** The body of a 2026-era request. */
export const mcpBody = (method: string, params: object = {}, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope } });

export const protocols = ['mcp', 'rest'] as const;
export type TestedProtocol = (typeof protocols)[number];

/** The same search over either protocol, so that a request that passes is seen downstream. */
export function rawSearch(
  port: number,
  protocol: TestedProtocol,
  headers: readonly RawHeader[],
  target?: string,
): Promise<JsonAnswer> {
  if (protocol === 'rest') return rawHttp(port, { target: target ?? '/v1/agents/search', headers });
  return rawHttp(port, {
    method: 'POST',
    target: target ?? '/mcp',
    headers: [...mcpHeaders('tools/call', 'search_agents'), ...headers],
    body: mcpBody('tools/call', { name: 'search_agents', arguments: {} }),
  });
}

export const bearer = (key: string): RawHeader => ['Authorization', `Bearer ${key}`];
