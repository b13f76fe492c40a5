import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors.ts';
import type { InFlight } from '../limits/in-flight.ts';
import type { Answer } from './exchange.ts';
import type { Visit } from './front-door.ts';
import { writeAnswer } from './write-answer.ts';

/** One request and what is written to; `end` aborts when the client goes away or the key dies. */
export type Connection = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  readonly end: AbortController;
  readonly inFlight: Pick<InFlight, 'draining'>;
};

/** Aborts when the client goes away before its answer is complete. */
export function endOf(response: ServerResponse): AbortController {
  const end = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) end.abort(new AppError('CANCELLED'));
  });
  return end;
}

/** An answer that nobody reads takes up its place until its connection ends. */
export function whenAnswered({ response }: Connection, leave: () => void): void {
  if (response.destroyed) leave();
  else response.once('close', leave);
}

/** A server that stops ends each connection with its answer: on one that is kept a busy client would ask on. */
export const write = (
  answer: Answer,
  requestId: string,
  { request, response, visit, inFlight }: Connection,
): Promise<void> =>
  writeAnswer(answer, request, response, { requestId, origin: visit.origin, isLast: inFlight.draining });
