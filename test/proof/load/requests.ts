import { bearer, mcpBody, mcpHeaders, type RawHeader } from '../../support/raw-http.ts';
import type { PlannedRequest } from './plan.ts';

type Wanted = Partial<Pick<PlannedRequest, 'expected' | 'leavesAfterMs'>>;

const bytesOf = (start: string, headers: readonly RawHeader[], body?: string): string => {
  const length: RawHeader[] = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  const lines = [['Host', '127.0.0.1'] as const, ...headers, ...length].map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${start} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
};

/** A call in the 2026 era; `organizationId` where a host key calls. */
export function modernCall(
  key: string,
  name: string,
  args: object = {},
  {
    organizationId,
    progress = false,
    expected = '200',
    ...rest
  }: Wanted & {
    readonly organizationId?: string;
    readonly progress?: boolean;
  } = {},
): PlannedRequest {
  const signals: RawHeader[] = organizationId === undefined ? [] : [['X-Organization-Id', organizationId]];
  const body = JSON.parse(mcpBody('tools/call', { name, arguments: args }));
  if (progress) body.params._meta.progressToken = 'progress';
  const headers = [...mcpHeaders('tools/call', name), bearer(key), ...signals];
  return { bytes: bytesOf('POST /mcp', headers, JSON.stringify(body)), expected, ...rest };
}

/** The same as a client of the 2025 era sends it. */
export function olderCall(key: string, name: string, args: object = {}, wanted: Wanted = {}): PlannedRequest {
  const headers: RawHeader[] = [
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
    ['Mcp-Protocol-Version', '2025-11-25'],
    bearer(key),
  ];
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
  return { bytes: bytesOf('POST /mcp', headers, JSON.stringify(message)), expected: '200', ...wanted };
}

export const restCall = (key: string, target: string, wanted: Wanted = {}): PlannedRequest => ({
  bytes: bytesOf(`GET ${target}`, [bearer(key)]),
  expected: '200',
  ...wanted,
});
