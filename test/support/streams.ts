import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { onTestFinished } from 'vitest';
import { envelope } from './http.ts';
import type { TestApp } from './start-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
type Message = any;

export const eras = ['2025', '2026'] as const;
export type Era = (typeof eras)[number];

type Call = {
  readonly name: string;
  readonly arguments?: object;
  /** Asks for progress under this token. */
  readonly progressToken?: string;
  readonly signal?: AbortSignal;
};

/** `tools/call` as a client of `era` sends it; the answer as it comes, message by message. */
export async function openCall(url: string, key: string, era: Era, call: Call) {
  const { name, progressToken } = call;
  const _meta = { ...(era === '2026' && envelope), ...(progressToken && { progressToken }) };
  const version: Record<string, string> =
    era === '2026'
      ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
      : { 'mcp-protocol-version': '2025-11-25' };
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...version,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: call.arguments ?? {}, _meta },
    }),
    signal: call.signal ?? null,
  });
  return { response, requestId: response.headers.get('x-request-id') ?? '', messages: messagesOf(response) };
}

async function* messagesOf(response: Response): AsyncGenerator<Message> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    yield JSON.parse(await response.text());
    return;
  }
  if (response.body === null) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) if (data !== '') yield JSON.parse(data);
}

/** All messages until the stream ends, however it ends. */
export async function collect(messages: AsyncIterable<Message>): Promise<Message[]> {
  const all: Message[] = [];
  try {
    for await (const message of messages) all.push(message);
  } catch {
    // A stream that is cut ends here; the test asserts on what had come.
  }
  return all;
}

/** The store's file through a connection that the server knows nothing of. */
export function openBeside(app: TestApp) {
  const database = new Database(join(app.dataDir, 'tenantry.db'));
  onTestFinished(() => void database.close());
  const rows = database.prepare('SELECT status, error_code, tool FROM audit WHERE request_id = ?');
  return {
    /** The committed rows of a request. */
    rowsOf: (requestId: string) => rows.all(requestId) as { status: number; error_code: string | null }[],
    /** Holds the write lock, so that nobody else can write. */
    lock: () => void database.exec('BEGIN IMMEDIATE'),
    unlock: () => void database.exec('ROLLBACK'),
  };
}
