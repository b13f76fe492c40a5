import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type AppError, toAppError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import { type RpcMessage, readMessage } from '../mcp/mcp-gate.ts';
import type { LineTransport } from './line-transport.ts';

/** The remote server, and what every request to it carries. */
type BridgeTarget = { readonly url: URL; readonly headers: Readonly<Record<string, string>> };

type Fetch = typeof globalThis.fetch;

/** How a message reaches the remote server. */
type Remote = {
  readonly target: BridgeTarget;
  readonly fetch: Fetch;
  /** The version that a 2025-era handshake agreed on; 2026-era messages each carry their own. */
  readonly negotiated: string | undefined;
};

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** Lets a client that can only start a program speak to a remote server: stdio on one side, HTTP on the other. */
export async function bridgeStdio(lines: LineTransport, target: BridgeTarget, fetch: Fetch): Promise<void> {
  const running = new Map<string | number, AbortController>();
  const underWay = new Set<Promise<void>>();
  let negotiated: string | undefined;

  await lines.read(async (body, unreadable) => {
    if (unreadable !== null) return lines.write(failure(unreadable, null));
    const message = parseMessage(body, lines);
    if (message === undefined || isCancellation(message, running)) return;
    const end = new AbortController();
    if (message.id != null) running.set(message.id, end);
    const work = forward(message, { target, fetch, negotiated }, end.signal, (answer) => {
      negotiated = negotiatedVersion(message, answer) ?? negotiated;
      lines.write(answer);
    }).finally(() => {
      if (message.id != null) running.delete(message.id);
      underWay.delete(work);
    });
    underWay.add(work);
    // The handshake decides how all that follows is sent.
    if (message.method === 'initialize') await work;
  });
  await Promise.all(underWay);
}

function parseMessage(body: unknown, lines: LineTransport): RpcMessage | undefined {
  try {
    return readMessage(body);
  } catch (thrown) {
    lines.write(failure(toAppError(thrown), null));
    return undefined;
  }
}

/** Over HTTP a request is cancelled by closing it; a cancellation posted on its own reaches nobody. */
function isCancellation(
  { method, params }: RpcMessage,
  running: ReadonlyMap<unknown, AbortController>,
): boolean {
  if (method !== 'notifications/cancelled') return false;
  running.get(params?.requestId)?.abort();
  return true;
}

async function forward(
  message: RpcMessage,
  { target, fetch, negotiated }: Remote,
  signal: AbortSignal,
  write: (answer: unknown) => void,
): Promise<void> {
  const id = message.id ?? null;
  let answered = false;
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      redirect: 'error',
      signal,
      headers: { ...target.headers, ...protocolHeaders(message, negotiated) },
      body: JSON.stringify(message),
    });
    for await (const answer of answersOf(response)) {
      if (id === null || !isRecord(answer) || answer.jsonrpc !== '2.0') continue;
      answered ||= !('method' in answer);
      write(withId(answer, id));
    }
    // A client would wait for ever for what a stream that was cut still owes it.
    if (!answered) throw new Error('the remote server ended without an answer');
  } catch (thrown) {
    if (answered || signal.aborted || id === null) return;
    const data = { code: 'REMOTE_UNREACHABLE' };
    const message = `The server at ${target.url.origin} gave no usable answer${networkCode(thrown)}.`;
    write({ jsonrpc: '2.0', id, error: { code: -32603, message, data } });
  }
}

/** Such as ` (ECONNREFUSED)`: what the network below `fetch` said, where it said anything. */
function networkCode(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
}

function protocolHeaders(
  { method, params }: RpcMessage,
  negotiated: string | undefined,
): Record<string, string> {
  const meta = isRecord(params?._meta) ? params._meta : {};
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const own = meta[VERSION_KEY];
  if (typeof own !== 'string')
    return negotiated ? { ...headers, 'mcp-protocol-version': negotiated } : headers;
  const name = params?.name ?? params?.uri;
  return {
    ...headers,
    'mcp-protocol-version': own,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': name }),
  };
}

async function* answersOf(response: Response): AsyncGenerator<unknown> {
  if (response.status === 202 || response.body === null) return;
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { data } of events) if (data !== '') yield JSON.parse(data);
    return;
  }
  yield JSON.parse(await response.text());
}

/** A server that refuses before it reads the body cannot name the id; the client needs it. */
function withId(answer: Record<string, unknown>, id: string | number): unknown {
  return 'error' in answer && answer.id == null ? { ...answer, id } : answer;
}

function negotiatedVersion({ method }: RpcMessage, answer: unknown): string | undefined {
  if (method !== 'initialize' || !isRecord(answer) || !isRecord(answer.result)) return undefined;
  const { protocolVersion } = answer.result;
  return typeof protocolVersion === 'string' ? protocolVersion : undefined;
}

function failure(error: AppError, id: null) {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: error.rpcCode, message: error.message, data: { code: error.code } },
  };
}
