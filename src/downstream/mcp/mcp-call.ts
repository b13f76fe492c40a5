import {
  type CallToolResult,
  type Client,
  type Progress,
  ProtocolError,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client';
import { AppError } from '../errors.ts';
import type { DownstreamReply, DownstreamRequest } from './downstream.ts';
import type { Outcome } from './resilience.ts';

/** The path under which a tool is asked for: a request's last segment is its name. */
export const TOOLS_PATH = '/tools';

const LONGEST_PROGRESS = 500;

/** What joins a call with our audit. It differs from call to call, so it is no part of a connection. */
const traceHeaders: ReadonlySet<string> = new Set(['x-request-id', 'traceparent', 'x-tenantry-key-prefix']);

export const withoutTraces = (headers: DownstreamRequest['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !traceHeaders.has(name)));

const tracesOf = ({ headers }: DownstreamRequest): Record<string, unknown> => ({
  ...(headers.traceparent !== undefined && { traceparent: headers.traceparent }),
  'tenantry/request-id': headers['x-request-id'],
  'tenantry/key-prefix': headers['x-tenantry-key-prefix'],
});

/** One call of a tool. Throws what the client throws. */
export async function callMcpTool(
  client: Client,
  request: DownstreamRequest,
  timeoutMs: number,
): Promise<Outcome<DownstreamReply>> {
  const result: CallToolResult = await client.callTool(
    {
      name: decodeURIComponent(request.url.pathname.slice(TOOLS_PATH.length + 1)),
      arguments: request.body as Record<string, unknown>, // `writeOrganization` saw to it that it is an object.
      _meta: tracesOf(request),
    },
    {
      signal: request.signal,
      timeout: timeoutMs,
      resetTimeoutOnProgress: true,
      ...progressTo(request),
    },
  );
  if (result.isError === true) return refused('The tool of the upstream server reported a failure.');
  if (result.structuredContent !== undefined)
    return { value: { status: 200, body: result.structuredContent } };
  const alsoSays = result.content.map(jsonInside);
  return { value: { status: 200, body: { content: result.content }, alsoSays } };
}

/** One at a time: what comes while the caller is still being told of the last is left out. */
function progressTo({ onProgress }: DownstreamRequest) {
  if (!onProgress) return {};
  let isTelling = false;
  return {
    onprogress: ({ progress, total, message = '' }: Progress) => {
      if (isTelling) return;
      isTelling = true;
      const told = () => {
        isTelling = false;
      };
      // Whoever cannot be told is gone, and the call ends by itself.
      void onProgress(progress, total ?? progress, message.slice(0, LONGEST_PROGRESS)).then(told, told);
    },
  };
}

/** Most servers write their JSON as text; what it says of organisations counts all the same. */
function jsonInside(block: CallToolResult['content'][number]): unknown {
  const text = block.type === 'text' ? block.text : block.type === 'resource' ? asText(block.resource) : '';
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asText = (resource: object): string => ('text' in resource ? String(resource.text) : '');

/** What went wrong, and whether the server is to be taken for gone. */
export function failureOf(thrown: unknown): Outcome<DownstreamReply> {
  if (thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout) {
    return { failure: new AppError('DOWNSTREAM_TIMEOUT'), isOutage: true, isTransient: false };
  }
  if (thrown instanceof ProtocolError) return refused('The upstream server refused the call.', thrown);
  const failure = new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'network' }, cause: thrown });
  return { failure, isOutage: true, isTransient: false };
}

/** An answer all the same: the server is there, and its words stay behind. */
const refused = (message: string, cause?: unknown): Outcome<DownstreamReply> => ({
  failure: new AppError('DOWNSTREAM_FAILED', { message, cause }),
  isOutage: false,
  isTransient: false,
});
