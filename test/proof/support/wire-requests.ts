import { envelope } from '../../support/http.ts';

type Headers = Readonly<Record<string, string>>;

/** A whole request as it goes over a kept connection. */
function request(method: string, target: string, headers: Headers, body?: unknown): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body);
  const all: Headers = {
    host: 'localhost',
    ...headers,
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${text}`);
}

const bearer = (key: string): Headers => ({ authorization: `Bearer ${key}` });

export const restRequest = (
  key: string,
  method: string,
  target: string,
  body?: unknown,
  headers: Headers = {},
): Buffer => request(method, target, { ...bearer(key), ...headers }, body);

/** Without a credential. */
export const openRequest = (method: string, target: string, body: unknown): Buffer =>
  request(method, target, {}, body);

/** What the SDK must check, and the fast lane leaves to it. */
const forSdk = { 'io.modelcontextprotocol/logLevel': 'error' };

type Call = {
  readonly name: string;
  readonly arguments?: object;
  readonly lane?: 'fast' | 'sdk';
  /** Asks for progress, and so for a stream where the tool reports any. */
  readonly progressToken?: string;
  readonly headers?: Headers;
};

/** `tools/call` of the 2026 era. */
export function mcpRequest(key: string, call: Call): Buffer {
  const { name, lane = 'fast', progressToken } = call;
  const headers = {
    ...bearer(key),
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
    ...call.headers,
  };
  const _meta = {
    ...envelope,
    ...(lane === 'sdk' && forSdk),
    ...(progressToken !== undefined && { progressToken }),
  };
  const params = { name, arguments: call.arguments ?? {}, _meta };
  return request('POST', '/mcp', headers, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
}
