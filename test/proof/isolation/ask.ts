import { Pool } from 'undici';
import { onTestFinished } from 'vitest';
import { tools } from '../../../tools/index.ts';
import { envelope } from '../../support/http.ts';

/** How a question is sent. The SDK takes what the fast lane leaves: here, requests with an unusual `_meta`. */
export const voices = ['rest', '2026', '2025', '2026 SDK', '2025 SDK'] as const;
export type Voice = (typeof voices)[number];

/** The part of a JSON-RPC request that says what is wanted. */
export type Message = {
  readonly method: string;
  readonly params: Readonly<{ name?: string; uri?: string; [more: string]: unknown }>;
};

export type Asked = {
  readonly key: string;
  readonly voice: Voice;
  readonly tool: string;
  readonly args: object;
  /** What says it on MCP instead of a call of the tool. */
  readonly message?: Message | undefined;
  /** The header's value; null sends none. */
  readonly organizationHeader: string | null;
  /** The segment of `/o/{organization_id}/mcp`; null is `/mcp`. */
  readonly organizationUrl: string | null;
  /** Ends up in the audit row. */
  readonly onBehalfOf: string;
};

export type Answer = {
  readonly status: number;
  /** Status, headers and body, but what is another in each answer. */
  readonly comparable: string;
  /** All of it. */
  readonly text: string;
};

export type Ask = (asked: Asked) => Promise<Answer>;

/** Connections that stay open, with one request at a time on each. */
export function createAsk(origin: string, connections: number): Ask {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  onTestFinished(() => pool.destroy());
  return async (asked) => {
    const sent = asked.voice === 'rest' ? restRequest(asked) : mcpRequest(asked);
    const headers: Record<string, string> = {
      authorization: `Bearer ${asked.key}`,
      'x-on-behalf-of': asked.onBehalfOf,
      ...sent.headers,
    };
    if (asked.organizationHeader !== null) headers['x-organization-id'] = asked.organizationHeader;
    const answer = await pool.request({ method: sent.method, path: sent.path, headers, body: sent.body });
    return readAnswer(answer.statusCode, answer.headers, await answer.body.text());
  };
}

type Sent = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

const routes = new Map<string, string>(tools.map(({ name, rest }) => [name, rest ?? '']));
const onMcp = new Set(tools.filter((tool) => tool.onMcp).map(({ name }) => name));
export const speaks = (tool: string, voice: Voice): boolean => voice === 'rest' || onMcp.has(tool);

function restRequest({ tool, args }: Asked): Sent {
  const [method = '', template = ''] = (routes.get(tool) ?? '').split(' ');
  const rest = new Map(Object.entries(args));
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  // The routes of the tools have these four alone.
  const sent = { method: method as Sent['method'], headers: {} };
  if (method === 'POST' || method === 'PATCH') {
    const headers = { 'content-type': 'application/json' };
    return { ...sent, path, headers, body: JSON.stringify(Object.fromEntries(rest)) };
  }
  const query = new URLSearchParams();
  for (const [name, value] of rest) for (const each of [value].flat()) query.append(name, String(each));
  return { ...sent, path: rest.size === 0 ? path : `${path}?${query}`, body: null };
}

const unusual = {
  '2026 SDK': { 'io.modelcontextprotocol/logLevel': 'error' },
  '2025 SDK': { 'io.modelcontextprotocol/related-task': { taskId: 'one' } },
};

function mcpRequest({ tool, args, message, voice, organizationUrl }: Asked): Sent {
  const isModern = voice.startsWith('2026');
  const more = voice === '2026 SDK' || voice === '2025 SDK' ? unusual[voice] : {};
  const meta = { ...(isModern ? envelope : {}), ...more };
  const { method, params } = message ?? { method: 'tools/call', params: { name: tool, arguments: args } };
  return {
    method: 'POST',
    path: organizationUrl === null ? '/mcp' : `/o/${organizationUrl}/mcp`,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(isModern ? modernHeaders(method, params) : { 'mcp-protocol-version': '2025-11-25' }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  };
}

/** In the 2026 era the headers say again what the body says. */
function modernHeaders(method: string, params: Message['params']): Record<string, string> {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
  const named = params.name ?? params.uri;
  return named === undefined ? headers : { ...headers, 'mcp-name': String(named) };
}

/** Headers that differ in every answer, or with the age of the connection. */
const ofTheMoment = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

function readAnswer(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): Answer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const kept = lines.filter((line) => !ofTheMoment.has(line.slice(0, line.indexOf(':')))).sort();
  const requestId = String(headers['x-request-id']);
  return {
    status,
    comparable: `${status}\n${kept.join('\n')}\n\n${body.replaceAll(requestId, '<request id>')}`,
    text: `${status}\n${lines.join('\n')}\n\n${body}`,
  };
}
