import { startScript } from '../../support/program.ts';
import { mcpRemoteFile, mcpRemoteHeaders } from './bridge-clients.ts';
import type { HttpWire } from './real-server.ts';

/** What `mcp-remote`'s own client, which lists what a server offers and ends, printed at the end of `wire`. */
export async function runRemoteClient(wire: HttpWire, home: string) {
  const { args, env } = mcpRemoteHeaders(wire);
  const program = startScript(mcpRemoteFile('client'), [wire.url, ...args], { ...env, HOME: home });
  // Its input stays open: the end of that is how it is told to stop.
  const { code, stdout, stderr } = await program.closed;
  const printed = stdout + stderr;
  const [, listed = ''] = /^\[\d+\] Tools: ([\s\S]*?)^}/m.exec(printed) ?? [];
  return {
    code,
    tools: [...listed.matchAll(/^ {6}"name": "(\w+)"/gm)].map(([, name]) => name),
    printed,
  };
}
