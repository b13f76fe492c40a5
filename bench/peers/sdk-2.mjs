// @modelcontextprotocol/server as its documentation shows it: a server for each request, schemas made once.
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { inputSchema, listen, outputSchema, result, tools } from './common.mjs';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  for (const { name, description } of tools) {
    server.registerTool(name, { description, inputSchema, outputSchema }, async () => result());
  }
  return server;
});
const handle = toNodeHandler(handler);

listen((request, response) => handle(request, response));
