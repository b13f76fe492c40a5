import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type PlatformCall = {
  readonly method: string;
  /** Path and query as they came, undecoded. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

type Answer = (call: PlatformCall, response: ServerResponse) => unknown;

/** A platform behind a real socket: what arrives is kept, what it answers is the test's. */
export async function startRestPlatform(answer: Answer) {
  const calls: PlatformCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const call = { method, target: url, headers, body: Buffer.concat(chunks).toString() };
    calls.push(call);
    await answer(call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, server };
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** An empty page of agents, of the organisation given. */
export const emptyPage = (organization_id: unknown) => ({ organization_id, agents: [], next_cursor: null });

export const queryOf = ({ target }: PlatformCall): URLSearchParams =>
  new URL(target, 'http://platform.invalid').searchParams;
