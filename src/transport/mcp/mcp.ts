import type { IncomingMessage } from 'node:http';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { isRecord } from '../../json.ts';
import type { Answer, RequestContext } from '../http/request-context.ts';
import { createFastLane } from './fast-lane.ts';
import { asksForProgress, type GateRules, gateMessage } from './mcp-gate.ts';
import { closeSlotBeforeAnswer, createMcpServer, listTtlMs, type McpServerDeps } from './mcp-server.ts';
import { shownError } from './sdk-errors.ts';
import { createToolList } from './tool-list.ts';

export type McpEndpoint = {
  /** Answers one request whose body is parsed; throws what the gate refuses. */
  answer(body: unknown, request: IncomingMessage, requestContext: RequestContext): Promise<Answer>;
  close(): Promise<void>;
};

/** Headers that the SDK checks. The credential is not among them, so that no handler sees it. */
const passedOn = /^(?:accept|content-type|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.+)$/;

export type McpEndpointDeps = McpServerDeps & GateRules & { readonly fastLane: boolean };

/**
 * MCP over HTTP in both eras. The SDK answers the messages that the fast lane leaves: a fresh server for each
 * request, so that nothing remains for the next caller.
 */
export function createMcpEndpoint(deps: McpEndpointDeps): McpEndpoint {
  const fastLane = deps.fastLane
    ? createFastLane({ ...deps, toolList: createToolList(deps.descriptors, deps.version) })
    : null;
  const handler = createMcpHandler(
    ({ authInfo, era }) => {
      const requestContext = contextIn(authInfo?.extra);
      requestContext.sendsHttpStatus = era === 'modern';
      return closeSlotBeforeAnswer(
        createMcpServer(() => requestContext, deps, listTtlMs(requestContext.principal)),
        () => requestContext,
      );
    },
    { onerror: () => {} }, // It reports what clients got wrong; the audit has each of those already.
  );

  return {
    async answer(body, request, requestContext) {
      const message = gateMessage(body, requestContext, deps);
      const fast = fastLane?.answer(message, request, requestContext);
      if (fast !== undefined) return fast;
      const { principal, signal } = requestContext;
      const authInfo = {
        token: '',
        clientId: principal.subjectId,
        scopes: [...principal.scopes],
        extra: { requestContext },
      };
      const response = await handler.fetch(webRequest(request, signal), { authInfo, parsedBody: message });
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (isStream && asksForProgress(message)) return streamAnswer(response);
      // An answer without progress waits until it is complete, so that a refusal has its status in either era.
      const answer = await wholeAnswer(response, requestContext);
      if (requestContext.failure !== null) throw requestContext.failure;
      // An answer that was cut short looks complete here; its client has gone.
      if (signal.aborted) throw signal.reason;
      return answer;
    },
    close: () => handler.close(),
  };
}

/** `extra` is how the SDK carries a value of ours to the factory; only `answer` above puts one there. */
function contextIn(extra: Record<string, unknown> | undefined): RequestContext {
  if (extra?.requestContext === undefined)
    throw new Error('an MCP request reached the SDK without its requestContext');
  return extra.requestContext as RequestContext;
}

function webRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (passedOn.test(name) && value !== undefined) headers.set(name, String(value));
  }
  return new Request('http://tenantry.invalid/mcp', { method: 'POST', headers, signal });
}

const streamAnswer = (response: Response): Answer => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: response.body,
  errorCode: null,
});

async function wholeAnswer(response: Response, requestContext: RequestContext): Promise<Answer> {
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  const status = requestContext.auditedStatus ?? response.status;
  if (status < 400) return { status, headers, body: text || null, errorCode: null };
  return { status, headers, ...namedError(text, requestContext) };
}

/** Shows a refusal of the SDK, made before any server exists, like our own errors. */
function namedError(text: string, { slot }: RequestContext): { body: string; errorCode: string } {
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  const message = isRecord(parsed) ? parsed : { jsonrpc: '2.0', id: null };
  const refusal = isRecord(message.error) ? message.error : {};
  const given = { code: Number(refusal.code), message: String(refusal.message), data: refusal.data };
  const error = shownError(given, slot.requestId);
  return { body: JSON.stringify({ ...message, error }), errorCode: String(error.data.code) };
}
