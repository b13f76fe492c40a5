import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';

type ConnectOptions = {
  readonly organizationId?: string;
  readonly path?: string;
  /** 'legacy' speaks 2025-11-25, 'auto' asks the server, a version pins it. */
  readonly era?: 'legacy' | 'auto' | { readonly pin: string };
  readonly headers?: Readonly<Record<string, string>>;
};

/** The official MCP 2026-07-28 client, connected over HTTP; closed when the test ends. */
export async function connect(url: string, key: string, options: ConnectOptions = {}): Promise<Client> {
  const headers: Record<string, string> = { Authorization: `Bearer ${key}`, ...options.headers };
  if (options.organizationId !== undefined) headers['X-Organization-Id'] = options.organizationId;
  const client = new Client(
    { name: 'tenantry-tests', version: '1.0.0' },
    { versionNegotiation: { mode: options.era ?? 'auto' } },
  );
  const endpoint = new URL(options.path ?? '/mcp', url);
  await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } }));
  onTestFinished(() => client.close());
  return client;
}
