import type { CallToolResult, JSONRPCMessage, ServerContext } from '@modelcontextprotocol/server';
import { ProtocolError, SERVER_INFO_META_KEY, Server, type Transport } from '@modelcontextprotocol/server';
import { decoded } from '../audit/kept-texts.ts';
import type { Caller } from '../caller.ts';
import { AppError, toAppError } from '../errors.ts';
import type { RequestId } from '../ids.ts';
import { holdsKey } from '../token-shape.ts';
import type { ToolOutput } from '../tool/call-tool.ts';
import type { Registry } from '../tool/registry.ts';
import { hasResource } from '../tool/resource-calls.ts';
import type { Progress } from '../tool/tool-context.ts';
import { engineStatus, shownError } from './engine-errors.ts';
import type { EngineExtension } from './engine-extension.ts';
import type { Exchange } from './exchange.ts';
import { errorData } from './failure-response.ts';
import { isRecord } from './mcp-gate.ts';
import { type CallOf, serveResources } from './mcp-resources.ts';
import { answerToolCall, failureContent, type ToolAnswer, type ToolAnswerDeps } from './tool-answer.ts';
import type { ToolDescriptors } from './tool-descriptors.ts';

export type McpServerDeps = ToolAnswerDeps & {
  readonly version: string;
  readonly tools: Registry;
  readonly extension: EngineExtension | null;
  readonly descriptors: ToolDescriptors;
};

/**
 * How long a client may keep its list, in milliseconds: the scopes of an organisation's key never change in
 * place, those of a person's key may with every request.
 */
export const listTtlMs = ({ key }: Caller): number => (key?.scopeType === 'global' ? 60_000 : 0);

/** All that is told of this server. */
const serverInfo = (version: string) => ({ name: 'tenantry', version });

/** What the engine adds to every result of the 2026 era. */
export const modernMeta = (version: string) => ({ [SERVER_INFO_META_KEY]: serverInfo(version) });

/**
 * The protocol engine for one request (HTTP) or one connection (stdio); never shared, never pooled.
 * The low-level `Server`: `McpServer` shows thrown messages to the model and answers unknown tools itself.
 */
export function createMcpServer(
  exchangeOf: (context: ServerContext) => Exchange,
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
    tools: deps.descriptors(exchangeOf(context).caller),
  }));
  server.setRequestHandler('tools/call', (request, context) => {
    const inWordsOfEngine = extension?.tools.get(request.params.name);
    return inWordsOfEngine?.(context) ?? answerCall(exchangeOf(context), context, deps);
  });
  if (tools.all.some(hasResource)) {
    const callOf: CallOf = (exchange, context, uri) => outputOf(exchange, context, uri, deps);
    serveResources(server, exchangeOf, { tools, callOf });
  }
  extension?.extend(server, exchangeOf);
  return server;
}

async function answerCall(
  exchange: Exchange,
  context: ServerContext,
  deps: McpServerDeps,
): Promise<CallToolResult> {
  const answer = await settleCall(exchange, context, deps);
  if (!answer.ok) return failureContent(answer.error, exchange);
  const { output, content } = answer;
  const shown = content ?? [{ type: 'text' as const, text: JSON.stringify(output) }];
  return { content: [...shown], structuredContent: output };
}

/** What a call gives, where its failure is an error and no result: foreign, absent and ill-formed ids are one. */
async function outputOf(
  exchange: Exchange,
  context: ServerContext,
  uri: string,
  deps: McpServerDeps,
): Promise<ToolOutput> {
  if (exchange.call === undefined) throw resourceNotFound(uri, exchange);
  const answer = await settleCall(exchange, context, deps);
  if (answer.ok) return answer.output;
  const isNoSuchThing = answer.error.code === 'NOT_FOUND' || answer.error.code === 'VALIDATION_ERROR';
  throw isNoSuchThing ? resourceNotFound(uri, exchange) : protocolError(answer.error, exchange);
}

/** Names the URI, as MCP asks (specification, "Resources: Error Handling"). */
export const resourceNotFound = (uri: string, exchange: Exchange): ProtocolError =>
  protocolError(new AppError('RESOURCE_NOT_FOUND', { data: mayBeSaidAgain(uri) ? { uri } : {} }), exchange);

const LONGEST_URI = 2000;

/** Whatever a client takes for a URI may be long, or hold a key. */
const mayBeSaidAgain = (uri: string): boolean => uri.length <= LONGEST_URI && !holdsKey(decoded(uri));

async function settleCall(
  exchange: Exchange,
  context: ServerContext,
  deps: McpServerDeps,
): Promise<ToolAnswer> {
  const signal = AbortSignal.any([exchange.signal, context.mcpReq.signal]);
  try {
    return await answerToolCall(exchange, { signal, progress: progressOf(context) }, deps);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.spoken === 'gate') exchange.failure = error;
    throw protocolError(error, exchange);
  }
}

const protocolError = (error: AppError, { slot }: Exchange): ProtocolError =>
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
 * Closes the audit slot before the answer of `server` leaves through whatever transport it is connected to.
 * An answer whose row cannot be written is replaced by the failure.
 */
export function closeSlotBeforeAnswer(
  server: Server,
  exchangeOf: (id: unknown) => Exchange | undefined,
): Server {
  const connect = server.connect.bind(server);
  server.connect = async (transport: Transport) => {
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      const exchange = 'id' in message && !('method' in message) ? exchangeOf(message.id) : undefined;
      await send(exchange === undefined ? message : await closeSlot(message, exchange), options);
    };
    await connect(transport);
  };
  return server;
}

/** Commits the row of `exchange`, and answers the message to send: this one, or the failure to write. */
export async function closeSlot(message: JSONRPCMessage, exchange: Exchange): Promise<JSONRPCMessage> {
  const { slot, failure, detail } = exchange;
  try {
    const answer = withRequestId(message, slot.requestId);
    const status = failure?.status ?? statusOf(message, exchange);
    exchange.closedStatus = status;
    await slot.close({ status, errorCode: failure?.code ?? errorCodeOf(answer), change: detail });
    return answer;
  } catch (thrown) {
    const error = toAppError(thrown);
    exchange.failure = error;
    const id = 'id' in message && message.id !== undefined ? message.id : 0;
    const body = { code: error.rpcCode, message: error.message, data: errorData(error, slot.requestId) };
    return { jsonrpc: '2.0', id, error: body };
  }
}

/** An error of ours has its request id already; all else is what a server of the engine found wrong. */
function withRequestId(message: JSONRPCMessage, requestId: RequestId): JSONRPCMessage {
  if (!('error' in message)) return message;
  const { error } = message;
  const isOurs = isRecord(error.data) && error.data.request_id === requestId;
  // It calls parameters that it cannot parse an internal error; our handlers never leave it one.
  const code = !isOurs && error.code === -32603 ? -32602 : error.code;
  return { ...message, error: shownError({ ...error, code }, requestId) };
}

/** The status with which the engine sends its own errors over HTTP. */
function statusOf(message: JSONRPCMessage, { speaksStatus }: Exchange): number {
  if (!speaksStatus || !('error' in message)) return 200;
  return engineStatus(message.error.code);
}

function errorCodeOf(message: JSONRPCMessage): string | null {
  if ('error' in message && isRecord(message.error.data)) return String(message.error.data.code);
  if (!('result' in message) || !isRecord(message.result._meta)) return null;
  const shown = message.result._meta['tenantry/error'];
  return isRecord(shown) ? String(shown.code) : null;
}
