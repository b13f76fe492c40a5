import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { type AuditSlot, openAuditSlot, type SlotDeps } from '../audit/audit-slot.ts';
import { AppError, toAppError } from '../errors.ts';
import { type Identified, type IdentityDeps, identify, type Presented } from '../identity/identify.ts';
import type { RawHeaders } from '../identity/raw-headers.ts';
import type { Exchange } from './exchange.ts';
import { rpcFailure } from './failure-response.ts';
import type { LineTransport } from './line-transport.ts';
import { type GateRules, gateMessage, isRecord, type RpcMessage } from './mcp-gate.ts';
import { closeSlot, createMcpServer, type McpServerDeps } from './mcp-server.ts';
import { watchKey } from './watch-key.ts';

export type StdioDeps = McpServerDeps &
  GateRules & {
    readonly identity: IdentityDeps;
    readonly slot: SlotDeps;
    /** In lower case. */
    readonly organizationHeader: string;
  };

/** What the environment says of the caller, in the form in which a request would say it. */
export type StdioCredentials = {
  readonly apiKey: string | undefined;
  readonly organizationId: string | undefined;
};

type Pending = { readonly exchange: Exchange; readonly end: AbortController; readonly watch: Disposable };
type RequestId = string | number;

const STOP_MS = 10_000;
const STEP_MS = 10;

/**
 * MCP over stdio: the gate stands on every message, and the key is read from the store for each. Resolves when the
 * client has gone; or when it is asked to stop and has answered what it had read, as far as that takes no 10 s.
 */
export async function serveMcpStdio(
  lines: LineTransport,
  credentials: StdioCredentials,
  deps: StdioDeps,
  stopRequested: Promise<void> = new Promise(() => {}),
): Promise<void> {
  const pending = new Map<RequestId, Pending>();
  const rawHeaders = headersOf(credentials, deps.organizationHeader);

  const transport: Transport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    async send(message) {
      await settle(message, pending, lines);
    },
  };
  const handle = serveStdio(
    () => createMcpServer((context) => exchangeOf(context.mcpReq.id, pending), deps, 0),
    { transport, onerror: () => {} }, // It reports what the client got wrong; the audit has that already.
  );

  const end = await lines.read(async (body, unreadable) => {
    const answer = await receive(body, unreadable, rawHeaders, pending, deps, (message) =>
      transport.onmessage?.(message),
    );
    if (answer !== undefined) lines.write(answer);
  }, stopRequested);
  if (end === 'stopped') await lastAnswers(pending);
  await handle.close();
  await Promise.all([...pending.values()].map(cancel));
}

/** Gates one message and hands it to the engine; answers the refusal where it is refused. */
async function receive(
  body: unknown,
  unreadable: AppError | null,
  rawHeaders: RawHeaders,
  pending: Map<RequestId, Pending>,
  deps: StdioDeps,
  deliver: (message: JSONRPCMessage) => void,
): Promise<object | undefined> {
  const facts = {
    method: 'stdio',
    target: '',
    clientAddress: null,
    clientName: null,
    onBehalfOf: null,
    traceparent: null,
  };
  const slot = openAuditSlot(facts, deps.slot);
  const id = isRecord(body) && (typeof body.id === 'string' || typeof body.id === 'number') ? body.id : null;
  try {
    const presented: Presented = {
      rawHeaders,
      headerName: deps.organizationHeader,
      urlSegment: undefined,
      surface: 'mcp',
      workspaceId: undefined,
      clientAddress: null,
    };
    const identified = await identify(presented, slot, deps.identity);
    if (unreadable !== null) throw unreadable;
    const end = new AbortController();
    const exchange: Exchange = {
      caller: identified.caller,
      slot,
      signal: end.signal,
      failure: null,
      rpcId: null,
      speaksStatus: false,
      closedStatus: null,
    };
    const message = gateMessage(body, exchange, deps);
    if (id === null) await slot.close({ status: 202 });
    else register(id, exchange, end, identified, pending);
    deliver(message as JSONRPCMessage); // gateMessage checked the form; the engine checks the rest.
    if (message.method === 'notifications/cancelled') await cancelNamed(message, pending);
    return undefined;
  } catch (thrown) {
    const error = await refuse(thrown, slot, deps);
    const isNotification = isRecord(body) && 'method' in body && !('id' in body);
    return isNotification ? undefined : rpcFailure(error, slot.requestId, id);
  }
}

/** Closes the slot with the refusal; where its row cannot be written, that is the refusal. */
async function refuse(thrown: unknown, slot: AuditSlot, { report }: StdioDeps): Promise<AppError> {
  const error = toAppError(thrown);
  if (error.code === 'INTERNAL') report(thrown, slot.requestId);
  const status = error.spoken === 'gate' ? error.status : 200;
  try {
    await slot.close({ status, errorCode: error.code, change: error.detail });
    return error;
  } catch (unwritten) {
    return toAppError(unwritten);
  }
}

function register(
  id: RequestId,
  exchange: Exchange,
  end: AbortController,
  identified: Identified,
  pending: Map<RequestId, Pending>,
): void {
  if (pending.has(id))
    throw new AppError('INVALID_REQUEST', { message: 'A request with this id is under way.' });
  pending.set(id, { exchange, end, watch: watchKey(identified, end) });
}

function exchangeOf(id: RequestId, pending: ReadonlyMap<RequestId, Pending>): Exchange {
  const found = pending.get(id);
  if (found === undefined) throw new Error('an MCP request reached the engine without its exchange');
  return found.exchange;
}

/** Writes an answer once its audit row is committed; everything else as it is. */
async function settle(
  message: JSONRPCMessage,
  pending: Map<RequestId, Pending>,
  lines: LineTransport,
): Promise<void> {
  const id = 'id' in message && !('method' in message) ? message.id : undefined;
  const found = id === undefined ? undefined : pending.get(id);
  if (id === undefined || found === undefined) return lines.write(message);
  found.watch[Symbol.dispose]();
  try {
    lines.write(await closeSlot(message, found.exchange));
  } finally {
    pending.delete(id);
  }
}

async function lastAnswers(pending: ReadonlyMap<RequestId, Pending>): Promise<void> {
  for (let waitedMs = 0; pending.size > 0 && waitedMs < STOP_MS; waitedMs += STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** The engine sends nothing for a call that was cancelled, so its row is written here, and its id is free. */
async function cancelNamed({ params }: RpcMessage, pending: Map<unknown, Pending>): Promise<void> {
  const found = pending.get(params?.requestId);
  if (found === undefined) return;
  pending.delete(params?.requestId);
  await cancel(found);
}

async function cancel({ exchange, end, watch }: Pending): Promise<void> {
  watch[Symbol.dispose]();
  end.abort(new AppError('CANCELLED'));
  await exchange.slot.close({ status: 499, errorCode: 'CANCELLED' });
}

function headersOf({ apiKey, organizationId }: StdioCredentials, organizationHeader: string): RawHeaders {
  return [
    ...(apiKey === undefined ? [] : ['authorization', `Bearer ${apiKey}`]),
    ...(organizationId === undefined ? [] : [organizationHeader, organizationId]),
  ];
}
