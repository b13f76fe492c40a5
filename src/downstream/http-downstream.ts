import { errors, Pool } from 'undici';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, DownstreamTerms } from './downstream.ts';
import { createResilience, type Outcome } from './resilience.ts';

type HttpDownstreamOptions = {
  readonly origin: string;
  readonly terms: DownstreamTerms;
  readonly credentialFor: Downstream['credentialFor'];
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** How many times a failed read is repeated. */
  readonly retries: number;
  /** The most connections to the platform. */
  readonly connections: number;
  readonly elapsed: Clock['elapsed'];
};

const CONNECT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * A platform's REST API over HTTP. A redirect is a failure, because the credential may go to the configured origin
 * only.
 */
export function createHttpDownstream(options: HttpDownstreamOptions): Downstream {
  const pool = new Pool(options.origin, {
    connections: options.connections,
    connect: { timeout: Math.min(CONNECT_MS, options.timeoutMs) },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: options.maxResponseBytes,
  });
  const resilience = createResilience<OrganizationId, DownstreamReply>(options.retries, options.elapsed);
  return {
    terms: options.terms,
    credentialFor: options.credentialFor,
    send: (request) =>
      resilience.run(request.organizationId, request.isRepeatable, request.signal, () =>
        attempt(pool, request, options.timeoutMs),
      ),
    close: () => pool.destroy(),
  };
}

/** One attempt. Failures of the platform or the network are returned; only the caller's abort is thrown. */
async function attempt(
  pool: Pool,
  request: DownstreamRequest,
  timeoutMs: number,
): Promise<Outcome<DownstreamReply>> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await pool.request({
      method: request.method,
      path: request.url.pathname + request.url.search,
      headers: headersOf(request),
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: AbortSignal.any([request.signal, deadline]),
    });
    const text = await response.body.text();
    return outcomeOf(response.statusCode, response.headers, text);
  } catch (thrown) {
    if (request.signal.aborted) throw thrown;
    return failureOf(thrown, deadline.aborted);
  }
}

function headersOf({ headers, body }: DownstreamRequest): Record<string, string> {
  return {
    accept: 'application/json',
    // Compressed bytes would pass the size limit and expand behind it.
    'accept-encoding': 'identity',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

function outcomeOf(status: number, headers: Headers, text: string): Outcome<DownstreamReply> {
  if (status >= 500) {
    const isTransient = status === 502 || status === 503 || status === 504;
    return { failure: failed({ downstream_status: status }), isOutage: true, isTransient };
  }
  // A refusal is its status; its text is dropped.
  if (status < 200 || status >= 300) return { value: { status, body: undefined } };
  if (text === '') return { value: { status, body: undefined } };
  const reason = unreadable(headers);
  if (reason !== undefined) return { failure: failed({ reason }), isOutage: false, isTransient: false };
  try {
    return { value: { status, body: JSON.parse(text) } };
  } catch {
    return { failure: failed({ reason: 'not JSON' }), isOutage: false, isTransient: false };
  }
}

function unreadable(headers: Headers): string | undefined {
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(String(headers['content-type'] ?? ''))) {
    return 'media type';
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : 'content encoding';
}

function failureOf(thrown: unknown, isLate: boolean): Outcome<DownstreamReply> {
  if (isLate || thrown instanceof errors.HeadersTimeoutError || thrown instanceof errors.BodyTimeoutError) {
    return { failure: new AppError('DOWNSTREAM_TIMEOUT'), isOutage: true, isTransient: false };
  }
  if (thrown instanceof errors.ResponseExceededMaxSizeError) {
    return { failure: failed({ reason: 'too large' }), isOutage: false, isTransient: false };
  }
  return { failure: failed({ reason: 'network' }, thrown), isOutage: true, isTransient: true };
}

const failed = (detail: Readonly<Record<string, unknown>>, cause?: unknown): AppError =>
  new AppError('DOWNSTREAM_FAILED', { detail, cause });
