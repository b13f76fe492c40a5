import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Tool = {
  readonly name: string;
  readonly inputSchema: object;
  readonly outputSchema?: object;
};

/** Another MCP server with exactly these tools, in the 2025 era; it keeps the arguments that it is called with. */
export async function startPlainUpstream(
  tools: readonly Tool[],
  reply: () => object = () => ({ content: [] }),
  /** Messages that it sends before the reply of a call. */
  before: (progressToken: unknown) => readonly object[] = () => [],
) {
  const seen: unknown[] = [];
  const results: Record<string, (params: { arguments?: unknown }) => object> = {
    initialize: () => ({
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'plain', version: '1' },
    }),
    'tools/list': () => ({ tools }),
    'tools/call': (params) => {
      seen.push(params.arguments);
      return reply();
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { id, method = '', params = {} } = text === '' ? {} : JSON.parse(text);
    const result = results[method]?.(params);
    if (id === undefined) return response.writeHead(request.method === 'GET' ? 405 : 202).end();
    const messages = method === 'tools/call' ? before(params._meta?.progressToken) : [];
    if (messages.length > 0) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end(events([...messages, { id, result }]));
    }
    const said = result === undefined ? { error: { code: -32601, message: 'no' } } : { result };
    response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, seen };
}

const events = (messages: readonly object[]): string =>
  messages.map((message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`).join('');
