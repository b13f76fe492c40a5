import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AuditSlot, openAuditSlot, type SlotDeps } from './audit/audit-slot.ts';
import type { Caller } from './caller.ts';
import { type AppError, toAppError } from './errors.ts';
import type { AddressSet } from './identity/client-address.ts';
import { type Identified, identify } from './identity/identify.ts';
import { surfaceOf, workspaceIn } from './identity/surface.ts';
import { newRequestId } from './ids.ts';
import { rateBucketOf } from './limits/rate-limit.ts';
import type { Log } from './log.ts';
import type { CallToolDeps } from './tool/call-tool.ts';
import { type Connection, endOf, write } from './transport/connection.ts';
import type { Answer, Exchange } from './transport/exchange.ts';
import { failureAnswer } from './transport/failure-response.ts';
import { admit, type FrontDoorDeps, type Visit } from './transport/front-door.ts';
import type { McpFace } from './transport/mcp.ts';
import { type OperatorFaceDeps, serveOperator } from './transport/operator-face.ts';
import { requestFacts } from './transport/request-facts.ts';
import { answerRest, restTools } from './transport/rest.ts';
import type { Route } from './transport/router.ts';
import { type Standing, takeIn } from './transport/take-in.ts';
import type { Target } from './transport/target.ts';
import { createTurns } from './transport/turns.ts';
import { watchKey } from './transport/watch-key.ts';
import { announceDeprecation, announceEnd } from './transport/write-answer.ts';

export type AppDeps = FrontDoorDeps &
  OperatorFaceDeps & {
    /** In lower case. */
    readonly organizationHeader: string;
    readonly trustedProxies: AddressSet;
    readonly mcp: McpFace;
    readonly callTool: CallToolDeps;
    readonly slot: SlotDeps;
    readonly log: Log;
  };

export type App = { handle(request: IncomingMessage, response: ServerResponse): Promise<void> };

/** The pipeline: Host, Origin, path, method, credential, organisation, limits, body, scope, arguments; in this order. */
export function createApp(deps: AppDeps): App {
  const turns = createTurns();
  return {
    async handle(request, response) {
      if (!(await turns.wait(request.socket, response))) return;
      const visit: Visit = { face: 'rest', origin: undefined };
      const connection = { request, response, visit, end: endOf(response), inFlight: deps.inFlight };
      try {
        const admission = await admit(request, visit, deps);
        if (admission.open !== null) await write(admission.open, newRequestId(), connection);
        else await serve(admission.route, admission.target, connection, deps);
      } catch (thrown) {
        const requestId = newRequestId();
        const error = reported(thrown, requestId, deps.log);
        await write(failureAnswer(error, visit.face, requestId, null), requestId, connection);
      }
    },
  };
}

/** From here on the request owns one audit slot, closed once, before its answer leaves. */
async function serve(route: Route, target: Target, connection: Connection, deps: AppDeps): Promise<void> {
  const { request, end, visit } = connection;
  const facts = requestFacts(request, target, deps.trustedProxies);
  const slot = openAuditSlot(facts, deps.slot);
  let exchange: Exchange | undefined;
  try {
    deps.inFlight.requireRoom();
    const presented = { ...signalsOf(route, target, request, deps), ...facts };
    if (route.kind === 'operator') {
      const answer = await serveOperator(route, presented, target.query, slot, connection, deps);
      await slot.close({ status: answer.status, errorCode: answer.errorCode });
      return await write(answer, slot.requestId, connection);
    }
    announceDeprecation(connection.response, presented.rawHeaders, deps.identity.format);
    const settled = await identify(presented, slot, deps.identity);
    announceEnd(connection.response, settled.endOfLifeMs, deps.identity.now());
    const { body, wasAwaited } = await takeIn(standingOf(settled.caller), route, connection, deps);
    // Whoever holds a body back must not act on what they were when they began.
    const identified = wasAwaited ? await identify(presented, slot, deps.identity) : settled;
    exchange = {
      caller: identified.caller,
      slot,
      signal: end.signal,
      failure: null,
      rpcId: null,
      speaksStatus: false,
      closedStatus: null,
    };
    const answer = await answerOn(route, target, body, request, exchange, deps);
    if (answer.body instanceof ReadableStream) return await stream(answer, identified, slot, connection);
    await slot.close({ status: answer.status, errorCode: answer.errorCode, change: exchange.detail });
    await write(answer, slot.requestId, connection);
  } catch (thrown) {
    const error = reported(end.signal.aborted ? end.signal.reason : thrown, slot.requestId, deps.log);
    const answerTo = (each: AppError) =>
      failureAnswer(each, visit.face, slot.requestId, exchange?.rpcId ?? null);
    await write(await refuse(error, answerTo, slot, deps.log), slot.requestId, connection);
  }
}

/** Closes the slot with the refusal; where its row cannot be written, that is what the caller is told. */
async function refuse(
  error: AppError,
  answerTo: (error: AppError) => Answer,
  slot: AuditSlot,
  log: Log,
): Promise<Answer> {
  const refusal = answerTo(error);
  try {
    await slot.close({ status: refusal.status, errorCode: error.code, change: error.detail });
    return refusal;
  } catch (thrown) {
    return answerTo(reported(thrown, slot.requestId, log));
  }
}

const standingOf = (caller: Caller): Standing => ({
  rateBucket: rateBucketOf(caller),
  place: caller.organization.id,
});

function signalsOf(
  route: Route,
  { pathname }: Target,
  { rawHeaders }: IncomingMessage,
  { organizationHeader }: AppDeps,
) {
  const isMcp = route.kind === 'mcp';
  return {
    rawHeaders,
    headerName: organizationHeader,
    urlSegment: isMcp ? route.urlSegment : undefined,
    surface: isMcp ? ('mcp' as const) : surfaceOf(pathname),
    workspaceId: isMcp ? undefined : workspaceIn(pathname),
  };
}

async function answerOn(
  route: Exclude<Route, { kind: 'operator' }>,
  { query }: Target,
  body: unknown,
  request: IncomingMessage,
  exchange: Exchange,
  deps: AppDeps,
): Promise<Answer> {
  switch (route.kind) {
    case 'mcp':
      return deps.mcp.answer(body, request, exchange);
    case 'rest':
      return answerRest({ ...route, query, body }, exchange, deps.callTool);
    case 'document':
      return route.render(restTools(exchange.caller, deps.callTool.tools));
  }
}

/** The engine closed the slot before the last message; a stream that was cut short is closed here. */
async function stream(
  answer: Answer,
  identified: Identified,
  slot: AuditSlot,
  connection: Connection,
): Promise<void> {
  using _ = watchKey(identified, connection.end);
  await write(answer, slot.requestId, connection);
  const { signal } = connection.end;
  const cut = signal.aborted ? toAppError(signal.reason) : undefined;
  await slot.close({
    status: cut?.status ?? answer.status,
    errorCode: cut?.code ?? null,
    change: cut?.detail,
  });
}

/** A bug goes to the log with its request id; the caller learns the id alone. */
function reported(thrown: unknown, requestId: string, log: Log): AppError {
  const error = toAppError(thrown);
  if (error.code === 'INTERNAL') log.error({ err: error.cause, requestId }, 'a request failed');
  return error;
}
