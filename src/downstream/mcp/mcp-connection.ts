import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import {
  Client,
  type FetchLike,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** Another MCP server: an address, or a program that the gateway starts. */
export type McpServer =
  | { readonly url: URL; readonly maxBytes: number }
  | {
      readonly command: string;
      readonly args: readonly string[];
      /** Working directory of the program. */
      readonly cwd: string;
      /** The environment variable that tells the program its organisation. */
      readonly organizationVariable: string;
      readonly maxBytes: number;
    };

/**
 * The identity of a connection: fixed for its lifetime, and of one organisation. `organization` is null for listing
 * tools.
 */
type McpIdentity = {
  /** Only for an address. */
  readonly headers: Readonly<Record<string, string>>;
  /** Only for a program: its credential. */
  readonly variables: Readonly<Record<string, string>>;
  readonly organization: string | null;
  /** Receives each line of a program's standard error; left out, the lines are discarded. */
  readonly onStderr?: (line: string) => void;
};

const clientInfo = { name: 'tenantry', version: '1' };

/**
 * Connects a client within `timeoutMs`, in the protocol revision that the server speaks. The client offers no
 * capabilities, so the server has nothing to call back.
 */
export async function connectMcp(
  server: McpServer,
  identity: McpIdentity,
  timeoutMs: number,
): Promise<Client> {
  const client = new Client(clientInfo, { versionNegotiation: { mode: 'auto' } });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the server did not answer in time')), timeoutMs);
  try {
    const transport = transportTo(server, identity, () => void client.close().catch(() => {}));
    await Promise.race([client.connect(transport), late.promise]);
    return client;
  } catch (thrown) {
    // A program that did not answer must not keep running.
    await client.close();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function transportTo(
  server: McpServer,
  { headers, variables, organization, onStderr }: McpIdentity,
  hangUp: () => void,
): Transport {
  if ('url' in server) {
    return new StreamableHTTPClientTransport(server.url, {
      fetch: guardedFetch(server.maxBytes, hangUp),
      requestInit: { headers: { ...headers } },
    });
  }
  const { command, args, cwd, organizationVariable, maxBytes } = server;
  const named = organization === null ? {} : { [organizationVariable]: organization };
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    cwd,
    env: { ...getDefaultEnvironment(), ...variables, ...named },
    // Only at startup does the operator read stderr. During calls it may hold an organisation's data.
    stderr: onStderr === undefined ? 'ignore' : 'pipe',
    maxBufferSize: maxBytes,
  });
  if (onStderr !== undefined && transport.stderr instanceof Readable)
    createInterface({ input: transport.stderr }).on('line', onStderr);
  return transport;
}

/** Fails on redirects and on answers of more than `maxBytes`. `hangUp` ends waiting calls at once. */
const guardedFetch =
  (maxBytes: number, hangUp: () => void): FetchLike =>
  async (url, init) => {
    const response = await fetch(url, { ...init, redirect: 'error' });
    if (response.body === null) return response;
    let size = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        if (size <= maxBytes) return controller.enqueue(chunk);
        controller.error(new Error('the answer is too large'));
        hangUp();
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(limit), { status, statusText, headers });
  };
