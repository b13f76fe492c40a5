import { envelope } from './http.ts';
import type { LaneRequest } from './two-lanes.ts';

type Message = { readonly method: string; readonly params?: Record<string, unknown> };

const common = (key: string): [string, string][] => [
  ['Authorization', `Bearer ${key}`],
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
];

/** What a client of the 2026 era sends; `meta` is laid over its envelope. */
export function modern(key: string, { method, params = {} }: Message, meta: object = {}): LaneRequest {
  const name = typeof params.name === 'string' ? [['Mcp-Name', params.name] as const] : [];
  return {
    headers: [...common(key), ['Mcp-Protocol-Version', '2026-07-28'], ['Mcp-Method', method], ...name],
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...params, _meta: { ...envelope, ...meta } },
    }),
  };
}

/** What a client of the 2025 era sends once it is connected. */
export const older = (key: string, message: Message): LaneRequest => ({
  headers: [...common(key), ['Mcp-Protocol-Version', '2025-11-25']],
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
});

export const call = (name: string, args: unknown = {}): Message => ({
  method: 'tools/call',
  params: { name, arguments: args },
});

export const listing: Message = { method: 'tools/list' };
