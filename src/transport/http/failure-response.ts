import type { AppError } from '../errors.ts';
import type { RequestId } from '../ids.ts';
import type { Answer, RpcId } from './exchange.ts';

/** How a failure is written: as JSON-RPC on MCP, as `{ error }` everywhere else. */
export type Face = 'mcp' | 'rest';

/** The answer for `error`. It carries the code, its sentence, the request id and nothing of an exception. */
export function failureAnswer(error: AppError, face: Face, requestId: RequestId, rpcId: RpcId): Answer {
  const isRpcOnly = face === 'mcp' && error.spoken !== 'gate';
  return {
    status: isRpcOnly ? 200 : error.status,
    headers: { 'content-type': 'application/json', ...codeHeaders(error), ...retryHeaders(error) },
    body: JSON.stringify(
      face === 'mcp' ? rpcFailure(error, requestId, rpcId) : restFailure(error, requestId),
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

/** RFC 6750 section 3: a challenge names an error only where a credential was sent. */
function codeHeaders(error: AppError): Record<string, string> {
  switch (error.code) {
    case 'AUTHENTICATION_REQUIRED':
      return { 'www-authenticate': 'Bearer realm="tenantry"' };
    case 'INVALID_TOKEN':
      return { 'www-authenticate': 'Bearer realm="tenantry", error="invalid_token"' };
    case 'MALFORMED_CREDENTIALS':
      return { 'www-authenticate': 'Bearer realm="tenantry", error="invalid_request"' };
    case 'METHOD_NOT_ALLOWED':
      return { allow: Array.isArray(error.data.allow) ? error.data.allow.join(', ') : '' };
    case 'INSUFFICIENT_SCOPE': {
      const needed = Array.isArray(error.data.required) ? error.data.required.join(' ') : '';
      return { 'www-authenticate': `Bearer error="insufficient_scope", scope="${needed}"` };
    }
    default:
      return {};
  }
}

function retryHeaders(error: AppError): Record<string, string> {
  if (error.code === 'RATE_LIMITED') return { 'retry-after': String(error.data.retry_after_seconds ?? 1) };
  return error.status === 503 ? { 'retry-after': '1' } : {};
}
