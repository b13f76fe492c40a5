import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createUpstreamServer } from './upstream-tools.ts';

// A server that is started as a program, for one organisation.
await createUpstreamServer(() => process.env.ORGANIZATION_ID ?? 'nobody').connect(new StdioServerTransport());
