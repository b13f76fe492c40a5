import { join } from 'node:path';
import { root } from './fresh-start.ts';
import { callTool } from './http.ts';
import { refusalIn } from './refusal.ts';
import { startApp, type Tenant } from './start-app.ts';

const names = [
  'sayAgain',
  'plain',
  'failing',
  'foreign',
  'counting',
  'waiting',
  'big',
  'shaped',
  'process',
  'letter',
];

/** Every tool of the upstream server but `hidden`. */
export const upstreamScopes = Object.fromEntries(names.map((name) => [name, 'agent:read']));

export const upstreamProgram = {
  command: process.execPath,
  args: [join(root, 'test/support/upstream-stdio.ts')],
};

export type Mcp = string | { readonly command: string; readonly args: readonly string[] };

/** Acme and Bolt behind another MCP server; `ask` gives the code of a refusal, or what the tool said. */
export async function startBehind(
  mcp: Mcp,
  more: Record<string, unknown> = {},
  options: Parameters<typeof startApp>[0] = {},
) {
  const downstreams = [{ prefix: 'up', mcp, scopes: upstreamScopes, ...more }];
  const app = await startApp({ seed: false, config: { downstreams }, ...options });
  const acme = await app.provision('Acme', undefined, 'customer-17');
  const bolt = await app.provision('Bolt');
  const ask = async (tenant: Tenant, name: string, args: object = {}) => {
    const answer = await callTool(app.url, tenant.defaultKey, name, args);
    return refusalIn(answer)?.code ?? answer.body.result.structuredContent;
  };
  return { ...app, acme, bolt, ask };
}
