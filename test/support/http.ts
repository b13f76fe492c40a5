import { connect } from 'node:net';
import { noteKeysIn } from './secrets.ts';

type JsonRequest = {
  readonly method?: string;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** The answer. `body` is any JSON; tests look into it freely. */
export type JsonAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
  readonly body: any;
};

/** One request with a JSON body, if any, as any HTTP client would send it. */
export async function requestJson(url: string, request: JsonRequest = {}): Promise<JsonAnswer> {
  const headers: Record<string, string> = { ...request.headers };
  if (request.key !== undefined) headers.authorization = `Bearer ${request.key}`;
  if (request.body !== undefined) headers['content-type'] ??= 'application/json';
  const response = await fetch(url, {
    method: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
    headers,
    redirect: 'manual',
    ...(request.body !== undefined && {
      body: typeof request.body === 'string' ? request.body : JSON.stringify(request.body),
    }),
  });
  const text = await response.text();
  noteKeysIn(text);
  return { status: response.status, headers: response.headers, text, body: parseAnswer(text) };
}

function parseAnswer(text: string): unknown {
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** The envelope that every 2026-era request carries. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw-test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** One JSON-RPC request on `/mcp`, in the 2026 era. */
export function rpc(
  url: string,
  key: string | undefined,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const named = params.name ?? params.uri;
  const name = typeof named === 'string' ? { 'mcp-name': named } : {};
  return requestJson(url.includes('/mcp') ? url : `${url}/mcp`, {
    key,
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...name,
      ...headers,
    },
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } },
  });
}

export const callTool = (
  url: string,
  key: string | undefined,
  name: string,
  args: object = {},
  headers = {},
) => rpc(url, key, 'tools/call', { name, arguments: args }, headers);

export type RawAnswer = { readonly status: number; readonly head: string; readonly body: string };

/** Bytes as they are, where an HTTP client would tidy them up; resolves when the server closes or answers. */
export function rawRequest(port: number, bytes: string | Buffer, waitMs = 30_000): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      const [head = '', ...rest] = text.split('\r\n\r\n');
      resolve({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
        head,
        body: rest.join('\r\n\r\n'),
      });
    };
    const timer = setTimeout(finish, waitMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks).toString('latin1'))) finish();
    });
    socket.on('end', finish);
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? finish() : reject(error),
    );
    socket.write(bytes);
  });
}

function isComplete(text: string): boolean {
  const at = text.indexOf('\r\n\r\n');
  if (at === -1) return false;
  const length = /^content-length: (\d+)$/im.exec(text.slice(0, at))?.[1];
  return length !== undefined && text.length - at - 4 >= Number(length);
}
