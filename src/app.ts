import type { IncomingMessage, ServerResponse } from 'node:http';
import { newRequestId, type RequestId } from './ids.ts';
import type { InFlight } from './limits/in-flight.ts';
import type { RateLimit } from './limits/rate-limit.ts';
import type { Log } from './log.ts';
import type { CallWatch } from './transport/http/call-watch.ts';
import { failureAnswer } from './transport/http/failure-response.ts';
import type { Answer } from './transport/http/request-context.ts';
import { type Arrived, createPipeline, type RouteKind } from './transport/http/step-runner.ts';
import { answerPublic, type PublicDeps } from './transport/http/steps/answer-public.ts';
import {
  type AnswerDeps,
  type Answered,
  answerRoute,
  type Contextual,
  openRequestContext,
} from './transport/http/steps/answer-route.ts';
import {
  type AuthenticateDeps,
  type Authenticated,
  authenticate,
  identifyAgain,
} from './transport/http/steps/authenticate.ts';
import { closeRefused, closeStreamed, reported } from './transport/http/steps/close-slot.ts';
import { type MatchDeps, type Matched, matchRoute } from './transport/http/steps/match-route.ts';
import { type Audited, openSlot, type SlotStepDeps } from './transport/http/steps/open-slot.ts';
import { type Received, receiveBody } from './transport/http/steps/receive-body.ts';
import {
  requireHost,
  requireOrigin,
  type SenderDeps,
  type Sent,
} from './transport/http/steps/require-sender.ts';
import { requireCapacity, takePlace, takeShare } from './transport/http/steps/take-share.ts';
import { type Watched, watchCall } from './transport/http/steps/watch-call.ts';
import { endOf } from './transport/http/wire/connection.ts';
import { createRequestQueue } from './transport/http/wire/request-queue.ts';
import { writeAnswer } from './transport/http/wire/write-answer.ts';

type AppDeps = MatchDeps &
  SenderDeps &
  PublicDeps &
  SlotStepDeps &
  AuthenticateDeps &
  AnswerDeps & {
    readonly inFlight: InFlight;
    readonly rateLimit: RateLimit;
    readonly calls: CallWatch;
    readonly log: Log;
  };

export type App = { handle(request: IncomingMessage, response: ServerResponse): Promise<void> };

const within: readonly RouteKind[] = ['mcp', 'rest', 'document'];
const answered: readonly RouteKind[] = [...within, 'operator'];
const credentialed: readonly RouteKind[] = [...answered, 'sign-in'];
const open: readonly RouteKind[] = ['public', 'document'];
const every: readonly RouteKind[] = [...credentialed, 'public'];

/**
 * The steps of a request, in this order, and the kinds of route that take each. No other code decides the order.
 * The one client of the platform, in `downstream`, writes the organisation into each call.
 */
const pipeline = (deps: AppDeps) =>
  // biome-ignore format: read as a table
  createPipeline()
    .step(every,        matchRoute(deps))
    .step(every,        requireHost(deps))      // 400, 403
    .step(every,        requireOrigin(deps))    // 403
    .step(open,         answerPublic(deps))     // 404, 405
    .step(credentialed, openSlot(deps))
    .step(credentialed, requireCapacity(deps))  // 503
    .step(credentialed, authenticate(deps))     // 400, 401, then the organisation: 400, 403
    .step(answered,     takeShare(deps))        // 429
    .step(answered,     receiveBody)            // 413, 415, 400
    .step(answered,     takePlace(deps))        // 503
    .step(answered,     identifyAgain(deps))    // 401, 403
    .step(answered,     watchCall(deps))
    .step(within,       openRequestContext)
    .step(answered,     answerRoute(deps)); // scope, arguments, tool

/** A call, as far as it went. */
type Call = Arrived &
  Maybe<Matched & Sent & Audited & Authenticated & Received & Watched & Contextual & Answered> & {
    requestId: RequestId | undefined;
  };

type Maybe<Found> = { [Name in keyof Found]: Found[Name] | undefined };

/** With a field for each value that the steps find: an object that grows with each of them costs a call two microseconds. */
const newCall = (request: IncomingMessage, response: ServerResponse): Call => ({
  request,
  response,
  end: endOf(response),
  protocol: undefined,
  target: undefined,
  route: undefined,
  origin: undefined,
  slot: undefined,
  clientAddress: undefined,
  presented: undefined,
  identified: undefined,
  body: undefined,
  wasAwaited: undefined,
  unwatch: undefined,
  requestContext: undefined,
  answer: undefined,
  requestId: undefined,
});

export function createApp(deps: AppDeps): App {
  const queue = createRequestQueue();
  const steps = pipeline(deps);
  return {
    async handle(request, response) {
      if (!(await queue.wait(request.socket, response))) return;
      const call = newCall(request, response);
      try {
        await steps.run(call);
        await send(await closed(call), call, deps);
      } catch (thrown) {
        await send(await refusalOf(call, thrown, deps.log), call, deps);
      } finally {
        call.unwatch?.();
      }
    },
  };
}

/** The answer of a call whose row is committed; of a stream it is before the last message. */
async function closed({ answer, slot, requestContext }: Call): Promise<Answer> {
  if (answer === undefined) throw new Error('no step gave an answer');
  const { status, errorCode, body } = answer;
  if (!(body instanceof ReadableStream))
    await slot?.close({ status, errorCode, change: requestContext?.detail });
  return answer;
}

async function refusalOf(call: Call, thrown: unknown, log: Log): Promise<Answer> {
  const { end, slot, protocol = 'rest', requestContext } = call;
  const requestId = requestIdOf(call);
  const error = reported(end.signal.aborted ? end.signal.reason : thrown, requestId, log);
  if (slot === undefined) return failureAnswer(error, protocol, requestId, null);
  return closeRefused(error, { protocol, slot, rpcId: requestContext?.rpcId ?? null }, log);
}

async function send(answer: Answer, call: Call, { inFlight, log }: AppDeps): Promise<void> {
  const { request, response, origin } = call;
  // A server that stops ends each connection with its answer: on one that is kept a busy client would ask on.
  const extra = { requestId: requestIdOf(call), origin, isLast: inFlight.draining };
  await writeAnswer(answer, request, response, extra);
  if (answer.body instanceof ReadableStream) await closeStreamed(answer, call, log);
}

/** That of the audit row, where there is one. */
function requestIdOf(call: Call): RequestId {
  call.requestId ??= call.slot?.requestId ?? newRequestId();
  return call.requestId;
}
