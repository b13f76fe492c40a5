import type { CallToolResult, JSONRPCMessage, ServerContext } from '@modelcontextprotocol/server';
import { ProtocolError, SERVER_INFO_META_KEY, Server, type Transport } from '@modelcontextprotocol/server';
import { decoded } from '../../audit/audit-sanitizer.ts';
import { AppError, toAppError } from '../../errors.ts';
import type { RequestId } from '../../ids.ts';
import { isRecord } from '../../json.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { holdsKey } from '../../secrets/key-pattern.ts';
import type { ToolOutput } from '../../tool/call/call-tool.ts';
import { hasResource } from '../../tool/call/resource-calls.ts';
import type { Progress } from '../../tool/context/tool-context.ts';
import type { Registry } from '../../tool/registry.ts';
import { errorData } from '../http/failure-response.ts';
import type { RequestContext } from '../http/request-context.ts';
import { type CallOf, serveResources } from './mcp-resources.ts';
import { sdkStatus, shownError } from './sdk-errors.ts';
import type { SdkExtension } from './sdk-extension.ts';
import { answerToolCall, failureContent, type ToolAnswer, type ToolAnswerDeps } from './tool-answer.ts';
import type { ToolDescriptors } from './tool-descriptors.ts';

export type McpServerDeps = ToolAnswerDeps & {
  readonly version: string;
  readonly tools: Registry;
  readonly extension: SdkExtension | null;
  readonly descriptors: ToolDescriptors;
};

/**
 * How long a client may keep its list, in milliseconds: the scopes of an organisation's key never change in
 * place, those of a person's key may with every request.
 */
export const listTtlMs = ({ key }: TenantPrincipal): number => (key?.scopeType === 'global' ? 60_000 : 0);

/** The server's description of itself. */
const serverInfo = (version: string) => ({ name: 'tenantry', version });

/** What the SDK adds to every result of the 2026 era. */
export const modernMeta = (version: string) => ({ [SERVER_INFO_META_KEY]: serverInfo(version) });

/**
 * The SDK for one request (HTTP) or one connection (stdio); never shared, never pooled.
 * The low-level `Server`: `McpServer` shows thrown messages to the model and answers unknown tools itself.
 */
export function createMcpServer(
  contextOf: (context: ServerContext) => RequestContext,
  deps: McpServerDeps,
  ttlMs: number,
): Server {
  const { tools, extension } = deps;
  const server = new Server(serverInfo(deps.version), {
    ...extension?.options,
    capabilities: { tools: { listChanged: false } },
    cacheHints: { 'tools/list': { ttlMs, cacheScope: 'private' } },
  });
  server.setRequestHandler('tools/list', (_request, context) => ({
    tools: deps.descriptors(contextOf(context).principal),
  }));
  server.setRequestHandler('tools/call', (request, context) => {
    const inWordsOfSdk = extension?.tools.get(request.params.name);
    return inWordsOfSdk?.(context) ?? answerCall(contextOf(context), context, deps);
  });
  if (tools.all.some(hasResource)) {
    const callOf: CallOf = (requestContext, context, uri) => outputOf(requestContext, context, uri, deps);
    serveResources(server, contextOf, { tools, callOf });
  }
  extension?.extend(server, contextOf);
  return server;
}

async function answerCall(
  requestContext: RequestContext,
  context: ServerContext,
  deps: McpServerDeps,
): Promise<CallToolResult> {
  const answer = await runCall(requestContext, context, deps);
  if (!answer.ok) return failureContent(answer.error, requestContext);
  const { output, content } = answer;
  const shown = content ?? [{ type: 'text' as const, text: JSON.stringify(output) }];
  return { content: [...shown], structuredContent: output };
}

/** The result of a call whose failure is a JSON-RPC error: foreign, absent and ill-formed ids look the same. */
async function outputOf(
  requestContext: RequestContext,
  context: ServerContext,
  uri: string,
  deps: McpServerDeps,
): Promise<ToolOutput> {
  if (requestContext.call === undefined) throw resourceNotFound(uri, requestContext);
  const answer = await runCall(requestContext, context, deps);
  if (answer.ok) return answer.output;
  const isNoSuchThing = answer.error.code === 'NOT_FOUND' || answer.error.code === 'VALIDATION_ERROR';
  throw isNoSuchThing ? resourceNotFound(uri, requestContext) : protocolError(answer.error, requestContext);
}

/** Names the URI, as MCP asks (specification, "Resources: Error Handling"). */
export function resourceNotFound(uri: string, requestContext: RequestContext): ProtocolError {
  const data = mayBeSaidAgain(uri) ? { uri } : {};
  return protocolError(new AppError('RESOURCE_NOT_FOUND', { data }), requestContext);
}

const LONGEST_URI = 2000;

/** A client's URI may be long, or hold a key. */
const mayBeSaidAgain = (uri: string): boolean => uri.length <= LONGEST_URI && !holdsKey(decoded(uri));

async function runCall(
  requestContext: RequestContext,
  context: ServerContext,
  deps: McpServerDeps,
): Promise<ToolAnswer> {
  const signal = AbortSignal.any([requestContext.signal, context.mcpReq.signal]);
  try {
    return await answerToolCall(requestContext, { signal, progress: progressOf(context) }, deps);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.reportAs === 'gate') requestContext.failure = error;
    throw protocolError(error, requestContext);
  }
}

const protocolError = (error: AppError, { slot }: RequestContext): ProtocolError =>
  new ProtocolError(error.rpcCode, error.message, errorData(error, slot.requestId));

function progressOf({ mcpReq }: ServerContext): Progress | null {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return null;
  return async (progress, total, message) => {
    // Once the client is gone there is nobody to tell; the call itself ends through its signal.
    if (mcpReq.signal.aborted) return;
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress, total, message },
    });
  };
}

/**
 * Closes the audit slot before the answer of `server` leaves through any transport.
 * An answer whose row cannot be written is replaced by the failure.
 */
export function closeSlotBeforeAnswer(
  server: Server,
  contextOf: (id: unknown) => RequestContext | undefined,
): Server {
  const connect = server.connect.bind(server);
  server.connect = async (transport: Transport) => {
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      const requestContext = 'id' in message && !('method' in message) ? contextOf(message.id) : undefined;
      await send(requestContext === undefined ? message : await closeSlot(message, requestContext), options);
    };
    await connect(transport);
  };
  return server;
}

/** Commits the row of `requestContext`, and answers the message to send: this one, or the failure to write. */
export async function closeSlot(
  message: JSONRPCMessage,
  requestContext: RequestContext,
): Promise<JSONRPCMessage> {
  const { slot, failure, detail } = requestContext;
  try {
    const answer = withRequestId(message, slot.requestId);
    const status = failure?.status ?? statusOf(message, requestContext);
    requestContext.auditedStatus = status;
    await slot.close({ status, errorCode: failure?.code ?? errorCodeOf(answer), change: detail });
    return answer;
  } catch (thrown) {
    const error = toAppError(thrown);
    requestContext.failure = error;
    const id = 'id' in message && message.id !== undefined ? message.id : 0;
    const body = { code: error.rpcCode, message: error.message, data: errorData(error, slot.requestId) };
    return { jsonrpc: '2.0', id, error: body };
  }
}

/** An error of ours has its request id already; all others come from the SDK. */
function withRequestId(message: JSONRPCMessage, requestId: RequestId): JSONRPCMessage {
  if (!('error' in message)) return message;
  const { error } = message;
  const isOurs = isRecord(error.data) && error.data.request_id === requestId;
  // It calls parameters that it cannot parse an internal error; our handlers never leave it one.
  const code = !isOurs && error.code === -32603 ? -32602 : error.code;
  return { ...message, error: shownError({ ...error, code }, requestId) };
}

/** The status with which the SDK sends its own errors over HTTP. */
function statusOf(message: JSONRPCMessage, { sendsHttpStatus }: RequestContext): number {
  if (!sendsHttpStatus || !('error' in message)) return 200;
  return sdkStatus(message.error.code);
}

function errorCodeOf(message: JSONRPCMessage): string | null {
  if ('error' in message && isRecord(message.error.data)) return String(message.error.data.code);
  if (!('result' in message) || !isRecord(message.result._meta)) return null;
  const shown = message.result._meta['tenantry/error'];
  return isRecord(shown) ? String(shown.code) : null;
}
