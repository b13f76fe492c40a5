import { AppError, type ErrorCode } from '../errors.ts';

/** Ends the call with a code of `errors.ts`; the caller sees the code, its sentence and nothing else. */
export function refuse(code: ErrorCode, message?: string): never {
  throw new AppError(code, message === undefined ? {} : { message });
}
