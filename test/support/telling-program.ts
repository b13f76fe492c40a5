import { createInterface } from 'node:readline';

// An MCP server that is started as a program, and tells what it was started with.
const answer = (id: unknown, result: object) =>
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...result }));
const methods: Record<string, () => object> = {
  initialize: () => ({
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'telling', version: '1' },
  }),
  'tools/list': () => ({
    tools: [{ name: 'tell', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
  }),
  'tools/call': () => ({ content: [{ type: 'text', text: JSON.stringify(process.env) }] }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line);
  if (id === undefined) continue;
  const result = methods[method]?.();
  answer(id, result === undefined ? { error: { code: -32601, message: 'no' } } : { result });
}
