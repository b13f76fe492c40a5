import type { DownstreamReply } from '../../../src/downstream/downstream.ts';
import { AppError } from '../../../src/errors.ts';

export const ok = (body: object): DownstreamReply => ({ status: 200, body });
export const created = (body: object): DownstreamReply => ({ status: 201, body });

/** The same reply for an unknown resource, one of another organisation, and an unknown route. */
export const notFound = (): DownstreamReply => ({ status: 404, body: { error: 'not_found' } });

/** `what` is the name of the wrong argument. */
export const badRequest = (what: string): DownstreamReply => ({
  status: 400,
  body: { error: 'bad_request', argument: what },
});

/**
 * Ends the request; the router turns the error into status 400.
 *
 * @throws VALIDATION_ERROR
 */
export function malformed(argument: string): never {
  throw new AppError('VALIDATION_ERROR', { message: argument });
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();
