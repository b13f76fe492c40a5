// @modelcontextprotocol/sdk without sessions: a server and a transport for each request, answers in JSON.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { inputSchema, listen, outputSchema, readJson, result, tools } from './common.mjs';

listen(async (request, response) => {
  const body = await readJson(request);
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  for (const { name, description } of tools) {
    const schemas = { inputSchema: inputSchema.shape, outputSchema: outputSchema.shape };
    server.registerTool(name, { description, ...schemas }, async () => result());
  }
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  response.on('close', () => {
    void transport.close();
    void server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response, body);
});
