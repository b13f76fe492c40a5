import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });

/** A server of somebody else's, made with the official SDK; `organization` is what it was told on the way. */
export function createUpstreamServer(organization: () => string, words = 'Says it again.') {
  const server = new McpServer({ name: 'upstream', version: '1' });
  server.registerTool(
    'sayAgain',
    {
      title: 'Say again',
      description: words,
      inputSchema: { words: z.string(), organization_id: z.string() },
      outputSchema: { words: z.string(), argument: z.string(), header: z.string() },
      annotations: { readOnlyHint: true },
    },
    async ({ words: said, organization_id }) => {
      await pause(Math.random() * 20);
      const structuredContent = { words: said, argument: organization_id, header: organization() };
      return { ...text(JSON.stringify(structuredContent)), structuredContent };
    },
  );
  server.registerTool('plain', { description: 'Plain text.' }, async () => text(`for ${organization()}`));
  server.registerTool('failing', { description: 'Fails.' }, async () => ({
    ...text('secret stack'),
    isError: true,
  }));
  server.registerTool(
    'foreign',
    { description: 'Of another.', outputSchema: { organization_id: z.string() } },
    async () => ({
      ...text('x'),
      structuredContent: { organization_id: 'org_other' },
    }),
  );
  server.registerTool('counting', { description: 'Counts.' }, async (extra: Extra) => {
    const { progressToken } = extra._meta ?? {};
    for (let progress = 1; progress <= 3; progress += 1) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 3, message: `Step ${progress}.` };
        await extra.sendNotification({ method: 'notifications/progress', params });
      }
      await pause(20);
    }
    return text('counted');
  });
  server.registerTool('waiting', { description: 'Waits.' }, async (extra: Extra) => {
    await new Promise<void>((resolve) => extra.signal.addEventListener('abort', () => resolve()));
    return text('too late');
  });
  server.registerTool('big', { description: 'Much.' }, async () => text('x'.repeat(9000)));
  const shape = words === 'changed' ? { b: z.string() } : { a: z.string() };
  server.registerTool('shaped', { description: 'Of a shape.', outputSchema: shape }, async () => {
    const structuredContent = words === 'changed' ? { b: 'secret' } : { a: 'a' };
    return { ...text('x'), structuredContent };
  });
  server.registerTool('process', { description: 'Itself.' }, async () =>
    text(JSON.stringify({ pid: process.pid, variables: Object.keys(process.env) })),
  );
  server.registerTool('letter', { description: 'JSON as text.' }, async () =>
    text(` {"rows": [{"organization_id": "${words === 'changed' ? 'org_other' : organization()}"}]}`),
  );
  server.registerTool('hidden', { description: 'Nobody gave it a scope.' }, async () => text('hidden'));
  return server;
}
