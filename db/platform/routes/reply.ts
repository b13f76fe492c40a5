import type { DownstreamReply } from '../../src/downstream/downstream.ts';
import { AppError } from '../../src/errors.ts';

export const ok = (body: object): DownstreamReply => ({ status: 200, body });
export const created = (body: object): DownstreamReply => ({ status: 201, body });

/** One answer for what is unknown, what is another organisation's, and what is no route at all. */
export const notFound = (): DownstreamReply => ({ status: 404, body: { error: 'not_found' } });

/** `what`: the argument that is wrong, by its name. */
export const badRequest = (what: string): DownstreamReply => ({
  status: 400,
  body: { error: 'bad_request', argument: what },
});

/** Ends the request with status 400; the router turns it into the reply. */
export function malformed(argument: string): never {
  throw new AppError('VALIDATION_ERROR', { message: argument });
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();
