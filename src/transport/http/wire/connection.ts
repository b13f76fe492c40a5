import type { ServerResponse } from 'node:http';
import { AppError } from '../../../errors.ts';

/** Aborts when the client goes away before its answer is complete. */
export function endOf(response: ServerResponse): AbortController {
  const end = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) end.abort(new AppError('CANCELLED'));
  });
  return end;
}
