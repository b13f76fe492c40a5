import type { IncomingMessage } from 'node:http';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { speakerOf } from '../caller.ts';
import { shownError } from './engine-errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { createFastLane } from './fast-lane.ts';
import { asksForProgress, type GateRules, gateMessage, isRecord } from './mcp-gate.ts';
import { closeSlotBeforeAnswer, createMcpServer, listTtlMs, type McpServerDeps } from './mcp-server.ts';
import { createToolList } from './tool-list.ts';

export type McpFace = {
  /** Answers one request whose body is parsed; throws what the gate refuses. */
  answer(body: unknown, request: IncomingMessage, exchange: Exchange): Promise<Answer>;
  close(): Promise<void>;
};

/** Headers that the engine judges. The credential stays here: no handler ever sees it. */
const passedOn = /^(?:accept|content-type|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.+)$/;

export type McpFaceDeps = McpServerDeps & GateRules & { readonly fastLane: boolean };

/**
 * MCP over HTTP in both eras. What the fast lane does not take goes to the protocol engine: a fresh server for each
 * request, so that nothing is left for the next caller.
 */
export function createMcpFace(deps: McpFaceDeps): McpFace {
  const fastLane = deps.fastLane
    ? createFastLane({ ...deps, toolList: createToolList(deps.descriptors, deps.version) })
    : null;
  const handler = createMcpHandler(
    ({ authInfo, era }) => {
      const exchange = exchangeIn(authInfo?.extra);
      exchange.speaksStatus = era === 'modern';
      return closeSlotBeforeAnswer(
        createMcpServer(() => exchange, deps, listTtlMs(exchange.caller)),
        () => exchange,
      );
    },
    { onerror: () => {} }, // It reports what clients got wrong; the audit has each of those already.
  );

  return {
    async answer(body, request, exchange) {
      const message = gateMessage(body, exchange, deps);
      const fast = fastLane?.answer(message, request, exchange);
      if (fast !== undefined) return fast;
      const { caller, signal } = exchange;
      const authInfo = {
        token: '',
        clientId: speakerOf(caller),
        scopes: [...caller.scopes],
        extra: { exchange },
      };
      const response = await handler.fetch(webRequest(request, signal), { authInfo, parsedBody: body });
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (isStream && asksForProgress(message)) return streamAnswer(response);
      // What nobody follows is held back until it is whole: a refusal is told by its status in either era.
      const answer = await wholeAnswer(response, exchange);
      if (exchange.failure !== null) throw exchange.failure;
      // What was cut short looks whole here, and nobody is there to read it.
      if (signal.aborted) throw signal.reason;
      return answer;
    },
    close: () => handler.close(),
  };
}

/** `extra` is how the engine carries a value of ours to the factory; only `answer` above puts one there. */
function exchangeIn(extra: Record<string, unknown> | undefined): Exchange {
  if (extra?.exchange === undefined)
    throw new Error('an MCP request reached the engine without its exchange');
  return extra.exchange as Exchange;
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

async function wholeAnswer(response: Response, exchange: Exchange): Promise<Answer> {
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  const status = exchange.closedStatus ?? response.status;
  if (status < 400) return { status, headers, body: text || null, errorCode: null };
  return { status, headers, ...namedError(text, exchange) };
}

/** What the engine refuses before any server exists is shown like every error of ours. */
function namedError(text: string, { slot }: Exchange): { body: string; errorCode: string } {
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  const message = isRecord(parsed) ? parsed : { jsonrpc: '2.0', id: null };
  const refusal = isRecord(message.error) ? message.error : {};
  const given = { code: Number(refusal.code), message: String(refusal.message), data: refusal.data };
  const error = shownError(given, slot.requestId);
  return { body: JSON.stringify({ ...message, error }), errorCode: String(error.data.code) };
}
