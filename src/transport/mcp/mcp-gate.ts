import type { Era } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import { requireMayCall, requireNoOrganization } from '../tool/gate.ts';
import type { RawArguments } from '../tool/parse-arguments.ts';
import type { Registry } from '../tool/registry.ts';
import { completingCall, readingCall, type WantedCall } from '../tool/resource-calls.ts';
import { completionIn } from './completion.ts';
import type { Exchange, RpcId } from './exchange.ts';

/** One JSON-RPC request or notification, as far as the gate looks at it. */
export type RpcMessage = {
  readonly jsonrpc: '2.0';
  readonly id?: RpcId;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

export type GateRules = {
  readonly tools: Registry;
  /** Where hosts take a 403 for a broken connection, a missing scope is left to the tool's own answer. */
  readonly denial: 'http-403' | 'tool-error';
};

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
/** What is no method of any protocol must not read like a part of the audit line. */
const METHOD_NAME = /^[\w/.$-]{1,64}$/;
const CLIENT_KEY = 'io.modelcontextprotocol/clientInfo';

/**
 * What stands before the protocol engine on every message, HTTP and stdio alike: its own handlers cannot answer
 * with an HTTP status. The message that it passes on is the very object that it judged.
 */
export function gateMessage(body: unknown, exchange: Exchange, rules: GateRules): RpcMessage {
  const message = readMessage(body);
  exchange.rpcId = message.id ?? null;
  learnFrom(message, exchange);
  if (message.method === 'subscriptions/listen') throw new AppError('METHOD_NOT_FOUND');
  const call = wantedCall(message, rules.tools);
  if (call !== undefined) gateCall(call, exchange, rules);
  return message;
}

/** @throws BATCH_NOT_SUPPORTED, INVALID_REQUEST */
export function readMessage(body: unknown): RpcMessage {
  if (Array.isArray(body)) throw new AppError('BATCH_NOT_SUPPORTED');
  if (!isRecord(body) || body.jsonrpc !== '2.0' || typeof body.method !== 'string') {
    throw new AppError('INVALID_REQUEST');
  }
  const { id, params } = body;
  if (!isRpcId(id) || (params !== undefined && !isRecord(params))) throw new AppError('INVALID_REQUEST');
  // Checked above; the object itself is passed on, so that gate and engine see the same.
  return body as RpcMessage;
}

const LONGEST_ID = 256;

/** Absent, on a notification, or short enough to be echoed as it is. */
function isRpcId(id: unknown): boolean {
  if (typeof id === 'string') return id.length <= LONGEST_ID;
  return id === undefined || (typeof id === 'number' && Number.isSafeInteger(id));
}

/** Reads and completions are calls of a tool too. Undefined for whatever reaches no tool. */
function wantedCall({ method, params = {} }: RpcMessage, tools: Registry): WantedCall | undefined {
  switch (method) {
    case 'tools/call':
      return toolCall(params, tools);
    case 'resources/read':
      return typeof params.uri === 'string' ? readingCall(params.uri, tools) : undefined;
    case 'completion/complete': {
      const completion = completionIn(params);
      return completion && completingCall(completion, tools);
    }
    default:
      return undefined;
  }
}

function toolCall(params: Readonly<Record<string, unknown>>, tools: Registry): WantedCall {
  if (typeof params.name !== 'string') throw new AppError('INVALID_REQUEST');
  const tool = tools.find(params.name);
  if (!tool.onMcp) throw new AppError('UNKNOWN_TOOL');
  // Scopes come before arguments, so that these are not looked at yet.
  return { tool, arguments: (params.arguments === undefined ? {} : params.arguments) as RawArguments };
}

function gateCall(call: WantedCall, exchange: Exchange, { denial }: GateRules): void {
  exchange.slot.learn({ tool: call.tool.name });
  requireMayCall(exchange.caller, call.tool, denial === 'tool-error' ? 'INSUFFICIENT_SCOPE' : undefined);
  if (!isRecord(call.arguments)) {
    throw new AppError('INVALID_REQUEST', { message: 'The arguments of a tool are a JSON object.' });
  }
  requireNoOrganization(call.arguments);
  exchange.call = call;
}

/** Whether the caller wants to be told how far the call is. */
export const asksForProgress = (message: RpcMessage): boolean => metaOf(message).progressToken !== undefined;

const metaOf = ({ params }: RpcMessage): Record<string, unknown> =>
  isRecord(params?._meta) ? params._meta : {};

/** Since 2026-07-28 every message names its version; before, only the handshake did. */
const eraOf = (message: RpcMessage): Era => (VERSION_KEY in metaOf(message) ? '2026' : '2025');

/** The method, the era and the client's own name: for the audit, never for a decision. */
function learnFrom(message: RpcMessage, { slot }: Exchange): void {
  const { method, params } = message;
  slot.learn({ era: eraOf(message), rpcMethod: METHOD_NAME.test(method) ? method : '?' });
  const client = method === 'initialize' ? params?.clientInfo : metaOf(message)[CLIENT_KEY];
  if (isRecord(client) && typeof client.name === 'string') slot.learn({ clientName: client.name });
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
