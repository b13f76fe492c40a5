import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createUpstreamServer } from './upstream-tools.ts';

// A server that is started as a program, for one organisation.
const server = createUpstreamServer(() => process.env.ORGANIZATION_ID ?? 'nobody');
server.registerTool('dying', { description: 'Dies.' }, async () => process.exit(1));
await server.connect(new StdioServerTransport());
