import type { AppError } from '../../errors.ts';
import type { RequestId } from '../../ids.ts';
import { signInFailure } from './public/sign-in.ts';
import type { Answer, RpcId } from './request-context.ts';

/** How a failure is written: as JSON-RPC on MCP, as OAuth clients read it on their paths, as `{ error }` elsewhere. */
export type Protocol = 'mcp' | 'rest' | 'sign-in';

/** The answer for `error`. It carries the code, its sentence, the request id and nothing of an exception. */
export function failureAnswer(
  error: AppError,
  protocol: Protocol,
  requestId: RequestId,
  rpcId: RpcId,
): Answer {
  if (protocol === 'sign-in') return signInFailure(error);
  const isRpcOnly = protocol === 'mcp' && error.reportAs !== 'gate';
  const status = isRpcOnly ? 200 : error.status;
  return {
    status,
    headers: { 'content-type': 'application/json', ...codeHeaders(error, status), ...retryHeaders(error) },
    body: JSON.stringify(
      protocol === 'mcp' ? rpcFailure(error, requestId, rpcId) : restFailure(error, requestId),
    ),
    errorCode: error.code,
  };
}

export function rpcFailure(error: AppError, requestId: RequestId, id: RpcId) {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: error.rpcCode, message: error.message, data: errorData(error, requestId) },
  };
}

export function errorData(error: AppError, requestId: RequestId) {
  return { code: error.code, request_id: requestId, ...error.data };
}

function restFailure(error: AppError, requestId: RequestId) {
  return { error: { code: error.code, message: error.message, request_id: requestId, ...error.data } };
}

function codeHeaders(error: AppError, status: number): Record<string, string> {
  if (error.code === 'METHOD_NOT_ALLOWED') return { allow: listOf(error.data.allow, ', ') };
  const isChallenge = status === 401 || status === 403 || error.code === 'MALFORMED_CREDENTIALS';
  return isChallenge ? { 'www-authenticate': challengeOf(error) } : {};
}

/** RFC 6750 section 3: a challenge names an error only where it has a word for it. Several hosts show nothing else. */
function challengeOf(error: AppError): string {
  const described = `error_description="${quotable(error.message)}"`;
  switch (error.code) {
    case 'INVALID_TOKEN':
      return `Bearer realm="tenantry", error="invalid_token", ${described}`;
    case 'MALFORMED_CREDENTIALS':
      return `Bearer realm="tenantry", error="invalid_request", ${described}`;
    case 'INSUFFICIENT_SCOPE':
      return `Bearer error="insufficient_scope", scope="${listOf(error.data.required, ' ')}", ${described}`;
    default:
      return `Bearer realm="tenantry", ${described}`;
  }
}

const listOf = (value: unknown, separator: string): string =>
  Array.isArray(value) ? value.join(separator) : '';

/** The characters that RFC 6750 allows there; a header takes no others either. */
const quotable = (text: string): string => text.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');

function retryHeaders(error: AppError): Record<string, string> {
  if (error.code === 'RATE_LIMITED') return { 'retry-after': String(error.data.retry_after_seconds ?? 1) };
  return error.status === 503 ? { 'retry-after': '1' } : {};
}
