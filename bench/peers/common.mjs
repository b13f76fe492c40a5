import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';

/** What the tool answers: the very structured content that Tenantry answers, so that all send the same bytes. */
export const output = JSON.parse(readFileSync(process.env.BENCH_OUTPUT, 'utf8'));

/** As many tools as Tenantry has; whom they are shown to is none of the others' business. */
const toolCount = Number(process.env.BENCH_TOOLS);

/** Made once, outside of any request, as the SDK's own advice is. */
export const inputSchema = z.object({});
export const outputSchema = z.object(Object.fromEntries(Object.keys(output).map((name) => [name, z.any()])));

export const tools = Array.from({ length: toolCount }, (_, place) => ({
  name: place === 0 ? 'whoami' : `tool_${place}`,
  description: 'Answers what the others answer.',
}));

export const result = () => ({
  content: [{ type: 'text', text: JSON.stringify(output) }],
  structuredContent: output,
});

export async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** Listens on a free port of this machine and says so, the way the harness reads it. */
export function listen(handle) {
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1', () => announce(server.address().port));
}

export const announce = (port) => console.log(`listening on http://127.0.0.1:${port}`);
