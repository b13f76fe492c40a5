import { Agent, request } from 'node:http';
import { envelope } from '../../support/http.ts';

export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** `body` is any JSON; proofs look into it freely. */
export type Received = {
  readonly status: number;
  readonly requestId: string;
  // biome-ignore lint/suspicious/noExplicitAny: a proof asserts on the raw answer
  readonly body: any;
};

export type KeepAlive = { send(sent: Sent): Promise<Received>; close(): void };

/** Connections that take turns, so that none is closed as idle meanwhile. A server that dies rejects what it owed. */
export function keepAlive(url: string): KeepAlive {
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  const { hostname: host, port } = new URL(url);
  return {
    close: () => agent.destroy(),
    send: ({ method, path, headers = {}, body }) =>
      new Promise((resolve, reject) => {
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const asked = request({ host, port, agent, method, path, headers: { ...headers, ...length } });
        asked.on('error', reject).on('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
          response.on('end', () => {
            // What was cut off in the middle acknowledges nothing.
            if (!response.complete) return reject(new Error('the answer was cut off'));
            const requestId = String(response.headers['x-request-id']);
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, requestId, body: parsed(text) });
          });
        });
        asked.end(body);
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
  } catch {
    return undefined;
  }
}

const json = { 'content-type': 'application/json' };

export const restCall = (method: string, path: string, key: string, body?: object): Sent => ({
  method,
  path,
  headers: { authorization: `Bearer ${key}`, ...(body !== undefined && json) },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

/** One `tools/call` in the 2026 era. */
export const mcpCall = (name: string, key: string, args: object = {}): Sent => ({
  method: 'POST',
  path: '/mcp',
  headers: {
    ...json,
    authorization: `Bearer ${key}`,
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: args, _meta: envelope },
  }),
});
