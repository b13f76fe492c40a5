import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startScript } from '../../support/program.ts';
import { clientKinds, type Peer, type Wire } from '../../support/real-clients.ts';
import type { Agent, RealClient } from './real-client.ts';
import type { HttpWire, Through } from './real-server.ts';
import { agentOf, modules, versionOf } from './sdk-clients.ts';

/** A bridge that a host starts as a program, and what the host finds at its end of it. */
export type Bridge = { readonly client: RealClient; readonly through: Through };

const connect = (label: string, wire: Wire): Promise<Peer> => {
  const kind = clientKinds.find((each) => each.label === label);
  if (kind === undefined) throw new Error(`there is no client ${label}`);
  return kind.connect(wire);
};

/** What most hosts embed. */
const openAsHost = async (wire: Wire): Promise<Agent> => agentOf(await connect('sdk 1.32', wire));

export const mcpRemoteFile = (name: 'proxy' | 'client') => join(modules, `mcp-remote/dist/${name}.js`);

/** Each header as its documentation advises: the value in the environment, out of the list of processes. */
export function mcpRemoteHeaders({ headers }: HttpWire) {
  const entries = Object.entries(headers).map(([name, value], at) => ({
    name,
    value,
    variable: `HEADER_${at}`,
  }));
  return {
    args: entries.flatMap(({ name, variable }) => ['--header', `${name}:\${${variable}}`]),
    env: Object.fromEntries(entries.map(({ variable, value }) => [variable, value])),
  };
}

const noRegistration = /Dynamic Client Registration rejected \(HTTP 404\).*no sign-in here.*was accepted/s;
const keyRefused =
  /Dynamic Client Registration rejected \(HTTP 404\).*no sign-in here.*was refused: INVALID_TOKEN/s;

export const mcpRemote = (protocol: 'legacy' | 'auto'): Bridge => ({
  client: {
    name: `mcp-remote-${protocol}`,
    version: `mcp-remote ${versionOf('mcp-remote')}`,
    transport: 'stdio bridged to HTTP',
    era: protocol === 'auto' ? '2026' : '2025',
    // It takes any challenge for one to sign in, and then reports the result of that.
    wording: { INSUFFICIENT_SCOPE: noRegistration, INVALID_TOKEN: keyRefused },
    wordingWhenConnecting: /Connection closed/,
    open: openAsHost,
  },
  through(wire, env) {
    const headers = mcpRemoteHeaders(wire);
    const args = [mcpRemoteFile('proxy'), wire.url, '--protocol', protocol, ...headers.args];
    return { args, env: { ...env, ...headers.env } };
  },
});

const fastmcpBrings = `mcp-proxy ${versionOf('mcp-proxy')} of fastmcp ${versionOf('fastmcp')}, which has no client of its own`;

export const mcpProxy: Bridge = {
  client: {
    name: 'fastmcp-proxy-http',
    version: fastmcpBrings,
    transport: 'stdio bridged to HTTP',
    era: '2026',
    wording: { INSUFFICIENT_SCOPE: /Insufficient scope: required "key:write"/ },
    wordingWhenConnecting: /Connection closed/,
    open: openAsHost,
  },
  through: ({ url, headers }, env) => ({
    args: [join(import.meta.dirname, 'mcp-proxy-bridge.ts')],
    env: { ...env, PROXY_URL: url, PROXY_HEADERS: JSON.stringify(headers), PROXY_PROTOCOL: 'modern' },
  }),
};

/** The other way round: `mcp-proxy` starts `tenantry stdio` and serves it to clients over HTTP. */
export const mcpProxyInFront: RealClient = {
  name: 'fastmcp-proxy-stdio',
  version: fastmcpBrings,
  transport: 'HTTP bridged to stdio',
  era: '2026',
  async open(wire) {
    if ('url' in wire) throw new Error('this proxy starts programs');
    const port = await freePort();
    const options = [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--server',
      'stream',
      '--upstreamProtocol',
      'auto',
    ];
    const command = ['--', process.execPath, ...wire.args];
    const program = startScript(
      join(modules, 'mcp-proxy/dist/bin/mcp-proxy.mjs'),
      [...options, ...command],
      wire.env,
    );
    const url = `http://127.0.0.1:${port}/mcp`;
    const ended = program.closed.then(({ stderr }) => Promise.reject(new Error(stderr)));
    try {
      await Promise.race([answering(url), ended]);
    } catch (error) {
      program.kill('SIGTERM');
      throw error;
    }
    const agent = agentOf(await connect('client 2.4, auto', { url, headers: {} }));
    return {
      ...agent,
      async close() {
        await agent.close();
        program.kill('SIGTERM');
        await program.closed;
      },
    };
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** Resolves when any server answers there. */
async function answering(url: string): Promise<void> {
  const latest = performance.now() + 35_000;
  while (performance.now() < latest) {
    const isThere = await fetch(url, { method: 'OPTIONS' }).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody answers at ${url}`);
}
