import {
  Client,
  type FetchLike,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** Where another MCP server is: an address, or a program that is started. */
export type McpServer =
  | { readonly url: URL; readonly maxBytes: number }
  | {
      readonly command: string;
      readonly args: readonly string[];
      /** The folder that it runs in. */
      readonly cwd: string;
      /** The variable in which the program finds the organisation. */
      readonly organizationVariable: string;
      readonly maxBytes: number;
    };

/** What a connection speaks with for as long as it lasts: one organisation's headers, or none for listing. */
export type McpIdentity = {
  readonly headers: Readonly<Record<string, string>>;
  readonly organization: string | null;
};

const clientInfo = { name: 'tenantry', version: '1' };

/**
 * A connected client, in whichever era the server speaks, within `timeoutMs`. It offers the server nothing to call
 * back.
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
    const transport = transportTo(server, identity, () => void client.close());
    await Promise.race([client.connect(transport), late.promise]);
    return client;
  } catch (thrown) {
    // A program that said nothing must not stay behind.
    await client.close();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function transportTo(
  server: McpServer,
  { headers, organization }: McpIdentity,
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
  return new StdioClientTransport({
    command,
    args: [...args],
    cwd,
    env: { ...getDefaultEnvironment(), ...named },
    // At the start the operator reads along; what it says for organisations is nobody's to read.
    stderr: organization === null ? 'inherit' : 'ignore',
    maxBufferSize: maxBytes,
  });
}

/** Redirects are failures, and no answer is longer than `maxBytes`: whoever waits is told at once by the hanging up. */
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
