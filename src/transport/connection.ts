import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors.ts';
import type { Answer } from './exchange.ts';
import type { Visit } from './front-door.ts';
import { writeAnswer } from './write-answer.ts';

/** One request and what is written to; `end` aborts when the client goes away or the key dies. */
export type Connection = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  readonly end: AbortController;
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

export const write = (answer: Answer, requestId: string, { request, response, visit }: Connection) =>
  writeAnswer(answer, request, response, { requestId, origin: visit.origin });
