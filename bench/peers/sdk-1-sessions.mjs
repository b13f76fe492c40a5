// @modelcontextprotocol/sdk with sessions, as most servers run it: one server for each client, answers as streams.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { inputSchema, listen, outputSchema, readJson, result, tools } from './common.mjs';

const sessions = new Map();

async function open() {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  for (const { name, description } of tools) {
    const schemas = { inputSchema: inputSchema.shape, outputSchema: outputSchema.shape };
    server.registerTool(name, { description, ...schemas }, async () => result());
  }
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  await server.connect(transport);
  return transport;
}

listen(async (request, response) => {
  const body = await readJson(request);
  const transport = sessions.get(request.headers['mcp-session-id']) ?? (await open());
  await transport.handleRequest(request, response, body);
});
