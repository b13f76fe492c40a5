import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { type AuditSlot, openAuditSlot, type SlotDeps } from '../../audit/audit-slot.ts';
import { AppError, toAppError } from '../../errors.ts';
import type { Identify } from '../../identity/identify.ts';
import type { Presented } from '../../identity/schemes/scheme.ts';
import { isRecord } from '../../json.ts';
import { requireTenant } from '../../principal.ts';
import { type CallWatch, createCallWatch } from '../http/call-watch.ts';
import { rpcFailure } from '../http/failure-response.ts';
import { openContext, type RequestContext } from '../http/request-context.ts';
import { noteRefused } from '../http/steps/close-slot.ts';
import { type GateRules, gateMessage, type RpcMessage } from '../mcp/mcp-gate.ts';
import { closeSlot, createMcpServer, type McpServerDeps } from '../mcp/mcp-server.ts';
import type { LineTransport } from './line-transport.ts';

type StdioDeps = McpServerDeps &
  GateRules & {
    readonly identify: Identify;
    readonly slot: SlotDeps;
    /** In lower case. */
    readonly organizationHeader: string;
  };

/** The caller's credential and organisation from the environment, in the form of request headers. */
type StdioCredentials = {
  readonly apiKey: string | undefined;
  readonly organizationId: string | undefined;
};

type Pending = {
  readonly requestContext: RequestContext;
  readonly end: AbortController;
  readonly unwatch: () => void;
};
type RequestId = string | number;

/** One client: what it is let in by, and its requests that are under way. */
type Session = StdioDeps & {
  readonly calls: CallWatch;
  readonly presented: Presented;
  readonly pending: Map<RequestId, Pending>;
};

type Line = { readonly body: unknown; readonly unreadable: AppError | null };

const STOP_MS = 10_000;
const STEP_MS = 10;

/**
 * MCP over stdio: the gate checks every message, and each reads the key from the store. Resolves when the client has
 * gone; or, after a request to stop, when every message that was read is answered, within 10 s.
 */
export async function serveMcpStdio(
  lines: LineTransport,
  credentials: StdioCredentials,
  deps: StdioDeps,
  stopRequested: Promise<void> = new Promise(() => {}),
): Promise<void> {
  const pending = new Map<RequestId, Pending>();
  const presented = presentedBy(credentials, deps.organizationHeader);
  const session: Session = { ...deps, calls: createCallWatch(), presented, pending };

  const transport: Transport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    async send(message) {
      await writeMessage(message, pending, lines);
    },
  };
  const handle = serveStdio(
    () => createMcpServer((context) => contextOf(context.mcpReq.id, pending), deps, 0),
    { transport, onerror: () => {} }, // It reports what the client got wrong; the audit has that already.
  );

  const end = await lines.read(async (body, unreadable) => {
    const answer = await receive({ body, unreadable }, session, (message) => transport.onmessage?.(message));
    if (answer !== undefined) lines.write(answer);
  }, stopRequested);
  if (end === 'stopped') await lastAnswers(pending);
  await handle.close();
  await Promise.all([...pending.values()].map(cancel));
}

/** What no line on standard input says of itself. */
const facts = {
  method: 'stdio',
  target: '',
  clientAddress: null,
  clientName: null,
  onBehalfOf: null,
  traceparent: null,
};

/** Gates one message and hands it to the SDK; answers the refusal where it is refused. */
async function receive(
  { body, unreadable }: Line,
  session: Session,
  deliver: (message: JSONRPCMessage) => void,
): Promise<object | undefined> {
  const { presented, pending } = session;
  const slot = openAuditSlot(facts, session.slot);
  const id = isRecord(body) && (typeof body.id === 'string' || typeof body.id === 'number') ? body.id : null;
  try {
    const identified = await session.identify(presented);
    slot.note({ attribution: identified.attribution });
    if (unreadable !== null) throw unreadable;
    const end = new AbortController();
    const requestContext = openContext(requireTenant(identified.principal), slot, end.signal);
    const message = gateMessage(body, requestContext, session);
    if (id === null) await slot.close({ status: 202 });
    else
      register(id, { requestContext, end, unwatch: session.calls.watch({ identified, end, slot }) }, pending);
    deliver(message as JSONRPCMessage); // gateMessage checked the form; the SDK checks the rest.
    if (message.method === 'notifications/cancelled') await cancelNamed(message, pending);
    return undefined;
  } catch (thrown) {
    const error = await refuse(thrown, slot, session);
    const isNotification = isRecord(body) && 'method' in body && !('id' in body);
    return isNotification ? undefined : rpcFailure(error, slot.requestId, id);
  }
}

/** Closes the slot with the refusal; where its row cannot be written, that is the refusal. */
async function refuse(thrown: unknown, slot: AuditSlot, { report }: StdioDeps): Promise<AppError> {
  const error = toAppError(thrown);
  if (error.code === 'INTERNAL') report(thrown, slot.requestId);
  const status = error.reportAs === 'gate' ? error.status : 200;
  noteRefused(error, slot);
  try {
    await slot.close({ status, errorCode: error.code, change: error.detail });
    return error;
  } catch (unwritten) {
    return toAppError(unwritten);
  }
}

function register(id: RequestId, call: Pending, pending: Map<RequestId, Pending>): void {
  if (pending.has(id)) {
    call.unwatch();
    throw new AppError('INVALID_REQUEST', { message: 'A request with this id is under way.' });
  }
  pending.set(id, call);
}

function contextOf(id: RequestId, pending: ReadonlyMap<RequestId, Pending>): RequestContext {
  const found = pending.get(id);
  if (found === undefined) throw new Error('an MCP request reached the SDK without its requestContext');
  return found.requestContext;
}

/** Writes an answer once its audit row is committed; everything else as it is. */
async function writeMessage(
  message: JSONRPCMessage,
  pending: Map<RequestId, Pending>,
  lines: LineTransport,
): Promise<void> {
  const id = 'id' in message && !('method' in message) ? message.id : undefined;
  const found = id === undefined ? undefined : pending.get(id);
  if (id === undefined || found === undefined) return lines.write(message);
  found.unwatch();
  try {
    lines.write(await closeSlot(message, found.requestContext));
  } finally {
    pending.delete(id);
  }
}

async function lastAnswers(pending: ReadonlyMap<RequestId, Pending>): Promise<void> {
  for (let waitedMs = 0; pending.size > 0 && waitedMs < STOP_MS; waitedMs += STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** The SDK sends nothing for a call that was cancelled, so its row is written here, and its id is free. */
async function cancelNamed({ params }: RpcMessage, pending: Map<unknown, Pending>): Promise<void> {
  const found = pending.get(params?.requestId);
  if (found === undefined) return;
  pending.delete(params?.requestId);
  await cancel(found);
}

async function cancel({ requestContext, end, unwatch }: Pending): Promise<void> {
  unwatch();
  end.abort(new AppError('CANCELLED'));
  await requestContext.slot.close({ status: 499, errorCode: 'CANCELLED' });
}

const presentedBy = ({ apiKey, organizationId }: StdioCredentials, headerName: string): Presented => ({
  rawHeaders: [
    ...(apiKey === undefined ? [] : ['authorization', `Bearer ${apiKey}`]),
    ...(organizationId === undefined ? [] : [headerName, organizationId]),
  ],
  headerName,
  urlSegment: undefined,
  surface: 'mcp',
  workspaceId: undefined,
  adminOrganization: undefined,
  clientAddress: null,
});
