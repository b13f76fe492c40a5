// fastmcp, a popular framework on the older SDK, without sessions.
import { FastMCP } from 'fastmcp';
import { announce, inputSchema, result, tools } from './common.mjs';

const port = Number(process.env.BENCH_PORT);
const server = new FastMCP({ name: 'peer', version: '1.0.0', ping: { enabled: false } });
for (const { name, description } of tools) {
  server.addTool({ name, description, parameters: inputSchema, execute: async () => result() });
}
await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1', stateless: true } });
announce(port);
