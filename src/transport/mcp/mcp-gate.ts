import type { Era } from '../../audit/audit-event.ts';
import { AppError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { RawArguments } from '../../tool/call/parse-arguments.ts';
import { requireNoOrganization } from '../../tool/call/require-no-organization.ts';
import { requireMayCall } from '../../tool/call/require-scope.ts';
import { completingCall, readingCall, type WantedCall } from '../../tool/call/resource-calls.ts';
import type { Registry } from '../../tool/registry.ts';
import type { RequestContext, RpcId } from '../http/request-context.ts';
import { completionIn } from './completion.ts';

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
/** An unknown method must not look like a part of the audit line. */
const METHOD_NAME = /^[\w/.$-]{1,64}$/;
const CLIENT_KEY = 'io.modelcontextprotocol/clientInfo';

/**
 * Checks every message before the SDK, over HTTP and stdio alike: the SDK's own handlers cannot answer
 * with an HTTP status. The gate passes on the very object that it checked.
 */
export function gateMessage(body: unknown, requestContext: RequestContext, rules: GateRules): RpcMessage {
  const message = readMessage(body);
  requestContext.rpcId = message.id ?? null;
  noteFrom(message, requestContext);
  if (message.method === 'subscriptions/listen') throw new AppError('METHOD_NOT_FOUND');
  const call = wantedCall(message, requestContext.principal, rules.tools);
  if (call !== undefined) gateCall(call, requestContext, rules);
  return message;
}

/** @throws BATCH_NOT_SUPPORTED, INVALID_REQUEST */
export function readMessage(body: unknown): RpcMessage {
  if (Array.isArray(body)) throw new AppError('BATCH_NOT_SUPPORTED');
  if (!isRecord(body) || body.jsonrpc !== '2.0' || typeof body.method !== 'string') {
    throw new AppError('INVALID_REQUEST');
  }
  const { id, params } = body;
  if (!isRpcId(id) || (params != null && !isRecord(params))) throw new AppError('INVALID_REQUEST');
  // Checked above; the SDK gets this very object, so that both see the same.
  return withoutNullParams(body) as RpcMessage;
}

/** Null means nothing in any parameter of MCP: clients write it for a parameter that they leave out. */
function withoutNullParams(body: Record<string, unknown>): Record<string, unknown> {
  const { params } = body;
  if (params === null) {
    const { params: _, ...rest } = body;
    return rest;
  }
  if (!isRecord(params)) return body;
  const kept = withoutNulls(params);
  const meta = isRecord(kept._meta) ? withoutNulls(kept._meta) : kept._meta;
  if (kept === params && meta === params._meta) return body;
  return { ...body, params: meta === kept._meta ? kept : { ...kept, _meta: meta } };
}

/** The object itself where nothing in it is null. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}

const LONGEST_ID = 256;

/** Absent, on a notification, or short enough to be echoed as it is. */
function isRpcId(id: unknown): boolean {
  if (typeof id === 'string') return id.length <= LONGEST_ID;
  return id === undefined || (typeof id === 'number' && Number.isSafeInteger(id));
}

/** Reads and completions are calls of a tool too. Undefined for a message that reaches no tool. */
function wantedCall(
  { method, params = {} }: RpcMessage,
  principal: TenantPrincipal,
  tools: Registry,
): WantedCall | undefined {
  switch (method) {
    case 'tools/call':
      return toolCall(params, principal, tools);
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

function toolCall(
  params: Readonly<Record<string, unknown>>,
  principal: TenantPrincipal,
  tools: Registry,
): WantedCall {
  if (typeof params.name !== 'string') {
    throw new AppError('INVALID_REQUEST', { message: 'params.name is required: the name of a tool.' });
  }
  const tool = tools.find(params.name, principal);
  // Scopes come before arguments, so that these are not looked at yet.
  return { tool, arguments: (params.arguments === undefined ? {} : params.arguments) as RawArguments };
}

function gateCall(call: WantedCall, requestContext: RequestContext, { denial }: GateRules): void {
  requestContext.slot.note({ tool: call.tool.name });
  requireMayCall(
    requestContext.principal,
    call.tool,
    denial === 'tool-error' ? 'INSUFFICIENT_SCOPE' : undefined,
  );
  if (!isRecord(call.arguments)) {
    throw new AppError('INVALID_REQUEST', { message: 'The arguments of a tool are a JSON object.' });
  }
  requireNoOrganization(call.arguments);
  requestContext.call = call;
}

/** Whether the caller asked for progress. */
export const asksForProgress = (message: RpcMessage): boolean => metaOf(message).progressToken !== undefined;

const metaOf = ({ params }: RpcMessage): Record<string, unknown> =>
  isRecord(params?._meta) ? params._meta : {};

/** Since 2026-07-28 every message names its version; before, only the handshake did. */
const eraOf = (message: RpcMessage): Era => (VERSION_KEY in metaOf(message) ? '2026' : '2025');

/** The method, the era and the client's own name: for the audit, never for a decision. */
function noteFrom(message: RpcMessage, { slot }: RequestContext): void {
  const { method, params } = message;
  slot.note({ era: eraOf(message), rpcMethod: METHOD_NAME.test(method) ? method : '?' });
  const client = method === 'initialize' ? params?.clientInfo : metaOf(message)[CLIENT_KEY];
  if (isRecord(client) && typeof client.name === 'string') slot.note({ clientName: client.name });
}
