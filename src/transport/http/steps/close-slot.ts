import type { AuditSlot } from '../../../audit/audit-slot.ts';
import { type AppError, toAppError } from '../../../errors.ts';
import type { RequestId } from '../../../ids.ts';
import type { Log } from '../../../log.ts';
import { failureAnswer, type Protocol } from '../failure-response.ts';
import type { Answer } from '../request-context.ts';
import type { Arrived } from '../step-runner.ts';

/** What is known of a call when its answer is: as far as it went. */
export type Ended = {
  readonly protocol: Protocol;
  readonly slot: AuditSlot;
  readonly rpcId: string | number | null;
};

/** The refusal, its row committed; where the row cannot be written, the answer says that instead. */
export async function closeRefused(
  error: AppError,
  { protocol, slot, rpcId }: Ended,
  log: Log,
): Promise<Answer> {
  const answerTo = (each: AppError) => failureAnswer(each, protocol, slot.requestId, rpcId);
  noteRefused(error, slot);
  const refusal = answerTo(error);
  try {
    await slot.close({ status: refusal.status, errorCode: error.code, change: error.detail });
    return refusal;
  } catch (thrown) {
    return answerTo(reported(thrown, slot.requestId, log));
  }
}

/** Whom it was refused to, as far as the refusal knows. */
export function noteRefused({ attribution, attempted }: AppError, slot: AuditSlot): void {
  slot.note({ ...(attribution && { attribution }), ...(attempted && { attempted }) });
}

/** The SDK closed the slot before the last message of a stream; one that was cut short is closed here. */
export async function closeStreamed(
  { status }: Answer,
  { slot, end }: Pick<Arrived, 'end'> & { readonly slot: AuditSlot | undefined },
  log: Log,
): Promise<void> {
  const { signal } = end;
  const cut = signal.aborted ? toAppError(signal.reason) : undefined;
  try {
    await slot?.close({
      status: cut?.status ?? status,
      errorCode: cut?.code ?? null,
      change: cut?.detail,
    });
  } catch (thrown) {
    if (slot !== undefined) reported(thrown, slot.requestId, log);
  }
}

/** A bug goes to the log with its request id; the caller learns the id alone. */
export function reported(thrown: unknown, requestId: RequestId, log: Log): AppError {
  const error = toAppError(thrown);
  if (error.code === 'INTERNAL') log.error({ err: error.cause, requestId }, 'a request failed');
  return error;
}
