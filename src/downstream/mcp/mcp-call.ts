import {
  type CallToolResult,
  type Client,
  type Progress,
  ProtocolError,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client';
import { AppError } from '../../errors.ts';
import type { DownstreamReply, DownstreamRequest } from '../downstream.ts';
import { textInBlob } from '../reply/blob-text.ts';
import type { Outcome } from '../resilience.ts';
import { traceHeaders } from '../trace-headers.ts';

/** Base path of tool calls. The last segment of a request's path is the tool's name. */
export const TOOLS_PATH = '/tools';

const LONGEST_PROGRESS = 500;
const MOST_WAITING_STEPS = 64;

/** A connection serves many calls, so it has no header of one of them. */
const ofOneCall: ReadonlySet<string> = new Set(Object.values(traceHeaders));

export const withoutTraces = (headers: DownstreamRequest['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofOneCall.has(name)));

const tracesOf = ({ headers }: DownstreamRequest): Record<string, unknown> => ({
  ...(headers[traceHeaders.traceparent] !== undefined && { traceparent: headers[traceHeaders.traceparent] }),
  'tenantry/request-id': headers[traceHeaders.requestId],
  'tenantry/key-prefix': headers[traceHeaders.keyPrefix],
});

/** Calls one tool. Throws the errors of the MCP client. */
export async function callMcpTool(
  client: Client,
  request: DownstreamRequest,
  timeoutMs: number,
): Promise<Outcome<DownstreamReply>> {
  const { options, whenTold } = tellProgress(request);
  const result: CallToolResult = await client.callTool(
    {
      name: decodeURIComponent(request.url.pathname.slice(TOOLS_PATH.length + 1)),
      arguments: request.body as Record<string, unknown>, // `writeOrganization` has checked that it is an object.
      _meta: tracesOf(request),
    },
    {
      signal: request.signal,
      timeout: timeoutMs,
      resetTimeoutOnProgress: true,
      ...options,
    },
  );
  await whenTold();
  if (result.isError === true) return refused('The tool of the upstream server reported a failure.');
  if (result.structuredContent !== undefined)
    return { value: { status: 200, body: result.structuredContent } };
  const alsoSays = result.content.flatMap(textInBlob);
  return { value: { status: 200, body: { content: result.content }, alsoSays } };
}

/** Reports progress in order. When the caller is slow, the oldest waiting messages are dropped. */
function tellProgress({ onProgress }: DownstreamRequest) {
  if (!onProgress) return { options: {}, whenTold: async () => {} };
  const waiting: Progress[] = [];
  let telling: Promise<void> | null = null;
  let refusal: AppError | undefined;
  const refuse = (thrown: unknown): void => {
    // A caller that cannot be reached is gone: its call ends by itself.
    if (thrown instanceof AppError) refusal = thrown;
  };
  const tellAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { progress, total = progress, message = '' } = next;
      if (refusal !== undefined) continue;
      await onProgress(progress, total, message.slice(0, LONGEST_PROGRESS)).catch(refuse);
    }
    telling = null;
  };
  const onprogress = (step: Progress): void => {
    waiting.push(step);
    if (waiting.length > MOST_WAITING_STEPS) waiting.shift();
    telling ??= tellAll();
  };
  const whenTold = async (): Promise<void> => {
    await telling;
    if (refusal !== undefined) throw refusal;
  };
  return { options: { onprogress }, whenTold };
}

/** Maps an error of the MCP client to an outcome, and decides whether it counts as an outage. */
export function failureOf(thrown: unknown): Outcome<DownstreamReply> {
  if (thrown instanceof AppError) return { failure: thrown, isOutage: false, isTransient: false };
  if (thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout) {
    return { failure: new AppError('DOWNSTREAM_TIMEOUT'), isOutage: true, isTransient: false };
  }
  if (thrown instanceof ProtocolError) return refused('The upstream server refused the call.', thrown);
  const failure = new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'network' }, cause: thrown });
  return { failure, isOutage: true, isTransient: false };
}

/** The server answered, so this is no outage. Its own text is dropped. */
const refused = (message: string, cause?: unknown): Outcome<DownstreamReply> => ({
  failure: new AppError('DOWNSTREAM_FAILED', { message, cause }),
  isOutage: false,
  isTransient: false,
});
