import { withoutSecrets } from '../audit/kept-texts.ts';
import type { RequestId } from '../ids.ts';
import { redactKeys } from '../token-shape.ts';
import { isRecord } from './mcp-gate.ts';

/** `text` null keeps the engine's own words and data, where the protocol defines them, but for keys in them. */
type EngineError = { readonly name: string; readonly status: number; readonly text: string | null };

const engineErrors: Readonly<Record<number, EngineError>> = {
  [-32700]: { name: 'PARSE_ERROR', status: 400, text: 'The body is not JSON.' },
  [-32600]: { name: 'INVALID_REQUEST', status: 400, text: 'The request is not one that MCP knows.' },
  [-32601]: { name: 'METHOD_NOT_FOUND', status: 404, text: 'There is no such method.' },
  [-32602]: { name: 'INVALID_PARAMS', status: 200, text: 'The parameters of the method are not valid.' },
  [-32603]: { name: 'INTERNAL', status: 200, text: 'Something went wrong.' },
  [-32020]: { name: 'HEADER_MISMATCH', status: 400, text: null },
  [-32021]: { name: 'MISSING_CLIENT_CAPABILITY', status: 400, text: null },
  [-32022]: { name: 'UNSUPPORTED_PROTOCOL_VERSION', status: 400, text: null },
};

export type RpcError = { code: number; message: string; data?: unknown };

/**
 * An error of the protocol engine as it leaves: our name for it, the request id and our own sentence. The
 * engine's words may be the text of an exception. An error that is ours already stays as it is.
 */
export function shownError(
  error: RpcError,
  requestId: RequestId,
): RpcError & { data: Record<string, unknown> } {
  const data = isRecord(error.data) ? error.data : {};
  if (data.request_id === requestId) return { ...error, data };
  const code = error.code in engineErrors ? error.code : -32600;
  const { name, text } = engineErrors[code] ?? { name: 'INVALID_REQUEST', text: null };
  const kept = text === null ? withoutKeys(data) : {};
  const message = text ?? withoutSecrets(error.message, redactKeys);
  return { code, message, data: { code: name, ...kept, request_id: requestId } };
}

/** The engine quotes what it was sent, and a client may have put a key there. */
const withoutKeys = (data: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(data), (_, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value, redactKeys) : value,
  );

/** The HTTP status with which the engine sends its own errors in the 2026 era. */
export const engineStatus = (code: number): number => engineErrors[code]?.status ?? 200;
