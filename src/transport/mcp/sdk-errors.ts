import { withoutSecrets } from '../../audit/audit-sanitizer.ts';
import type { RequestId } from '../../ids.ts';
import { isRecord } from '../../json.ts';
import { redactKeys } from '../../secrets/key-pattern.ts';

/** `text` null keeps the SDK's own words and data, where the protocol defines them, with keys removed. */
type SdkError = { readonly name: string; readonly status: number; readonly text: string | null };

const sdkErrors: Readonly<Record<number, SdkError>> = {
  [-32700]: { name: 'PARSE_ERROR', status: 400, text: 'The body is not JSON.' },
  [-32600]: { name: 'INVALID_REQUEST', status: 400, text: 'The request is not one that MCP knows.' },
  [-32601]: { name: 'METHOD_NOT_FOUND', status: 404, text: 'There is no such method.' },
  [-32602]: { name: 'INVALID_PARAMS', status: 200, text: 'The parameters of the method are not valid.' },
  [-32603]: { name: 'INTERNAL', status: 200, text: 'Something went wrong.' },
  [-32020]: { name: 'HEADER_MISMATCH', status: 400, text: null },
  [-32021]: { name: 'MISSING_CLIENT_CAPABILITY', status: 400, text: null },
  [-32022]: { name: 'UNSUPPORTED_PROTOCOL_VERSION', status: 400, text: null },
};

/** The codes that answers of the SDK have. */
export const sdkCodes: readonly string[] = Object.values(sdkErrors).map(({ name }) => name);

type RpcError = { code: number; message: string; data?: unknown };

/**
 * An error of the SDK as it leaves: our name for it, the request id and our own sentence. The
 * SDK's words may be the text of an exception. An error that is ours already stays as it is.
 */
export function shownError(
  error: RpcError,
  requestId: RequestId,
): RpcError & { data: Record<string, unknown> } {
  const data = isRecord(error.data) ? error.data : {};
  if (data.request_id === requestId) return { ...error, data };
  const code = error.code in sdkErrors ? error.code : -32600;
  const { name, text } = sdkErrors[code] ?? { name: 'INVALID_REQUEST', text: null };
  const kept = text === null ? withoutKeys(data) : {};
  const message = text ?? withoutSecrets(error.message, redactKeys);
  return { code, message, data: { code: name, ...kept, request_id: requestId } };
}

/** The SDK quotes the client's message, which may hold a key. */
const withoutKeys = (data: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(data), (_, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value, redactKeys) : value,
  );

/** The HTTP status with which the SDK sends its own errors in the 2026 era. */
export const sdkStatus = (code: number): number => sdkErrors[code]?.status ?? 200;
