import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { createUpstreamServer } from './upstream-tools.ts';

/** Another MCP server behind a real socket, as the official SDK serves it: a fresh server for each request. */
export async function startUpstream() {
  const seen: {
    readonly headers: IncomingMessage['headers'];
    readonly method: string;
    readonly meta: unknown;
  }[] = [];
  const state = { words: 'Says it again.', raw: undefined as string | undefined, isSilent: false };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
    seen.push({ headers: request.headers, method: body?.method ?? '', meta: body?.params?._meta });
    if (state.isSilent) return;
    if (state.raw !== undefined) {
      response.socket?.end(state.raw);
      return;
    }
    const organization = () => String(request.headers['x-organization-id'] ?? 'nobody');
    const upstream = createUpstreamServer(organization, state.words);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined as never });
    response.on('close', () => void transport.close());
    await upstream.connect(transport as never);
    await transport.handleRequest(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, seen, state, server };
}
