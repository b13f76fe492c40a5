import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RawHeaders } from '../../../identity/raw-headers.ts';
import { credentialTexts } from '../../../identity/read-credential.ts';
import type { KeyFormat } from '../../../keys/key-format.ts';
import { isEndingSoon } from '../../../keys/key-record.ts';
import { isoTime } from '../../../time.ts';
import type { Answer } from '../request-context.ts';
import { discardBody } from './discard-body.ts';

/** On every answer: what it says depends on who asked, so no cache may keep it. */
const always = {
  'cache-control': 'no-store',
  vary: 'Authorization, X-API-Key, Origin',
  'x-content-type-options': 'nosniff',
};

const exposedHeaders = 'WWW-Authenticate, X-Request-Id, X-Key-Expires-At, Deprecation, Sunset';
const preflightHeaders =
  'content-type, accept, authorization, x-api-key, x-on-behalf-of, x-break-glass-reason, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, last-event-id, traceparent';

/** Writes `answer` whole; a stream is written as it comes, no faster than the client reads. */
export async function writeAnswer(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  extra: { readonly requestId: string; readonly origin: string | undefined; readonly isLast: boolean },
): Promise<void> {
  if (!request.complete) await discardBody(request);
  if (response.destroyed || response.headersSent) return;
  // Those of the answer come first: the SDK marks its streams `no-cache`, which lets a cache keep one.
  const headers: Record<string, string | number> = { ...answer.headers, ...always };
  headers['x-request-id'] = extra.requestId;
  if (extra.origin !== undefined) Object.assign(headers, corsHeaders(extra.origin));
  // A body that nobody took must not be mistaken for the next request.
  if (!request.complete || extra.isLast) headers.connection = 'close';
  if (answer.body instanceof ReadableStream) {
    // Nothing on the way may hold it back to compress it.
    headers['cache-control'] = 'no-store, no-transform';
    response.writeHead(answer.status, headers);
    const body = Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream);
    // A reader that goes away is the caller's `close` event; there is nothing more to say to it here.
    await pipeline(body, response).catch(() => {});
    return;
  }
  const pieces = answer.body === null ? [] : [answer.body].flat();
  if (pieces.length > 0) headers['content-length'] = lengthOf(pieces);
  response.writeHead(answer.status, headers);
  // Together with its head, in one write.
  response.cork();
  for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(pieces.at(-1));
}

const lengthOf = (pieces: readonly (string | Buffer)[]): number =>
  pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);

/** Any answer to a caller whose key is in its last days says when the key ends. */
export function announceEnd(response: ServerResponse, endMs: number | null, nowMs: number): void {
  if (isEndingSoon(endMs, nowMs) && !response.headersSent)
    response.setHeader('x-key-expires-at', isoTime(endMs));
}

/** 2026-11-20, when workspace tokens came, deprecated already; and a year later, when they may stop working. */
const deprecation = { deprecation: '@1795132800', sunset: 'Sat, 20 Nov 2027 00:00:00 GMT' };

/** Any answer to a caller with a workspace token says that these tokens end (RFC 9745, RFC 8594). */
export function announceDeprecation(
  response: ServerResponse,
  rawHeaders: RawHeaders,
  format: KeyFormat,
): void {
  if (!format.hasWorkspaceTokens || response.headersSent) return;
  if (!credentialTexts(rawHeaders).some(format.isWorkspaceToken)) return;
  for (const [name, value] of Object.entries(deprecation)) response.setHeader(name, value);
}

const corsHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': exposedHeaders,
});

/** A browser asks this before any call, without a credential. */
export function preflightAnswer(allowedMethods: readonly string[], organizationHeader: string): Answer {
  const headers = {
    'access-control-allow-methods': allowedMethods.join(', '),
    'access-control-allow-headers': `${preflightHeaders}, ${organizationHeader}`,
    'access-control-max-age': '600',
  };
  return { status: 204, headers, body: null, errorCode: null };
}
