import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

type HostOptions = {
  /** The MCP endpoint, such as `http://127.0.0.1:8080/mcp`. */
  readonly url: string;
  /** One host key; which organisations it may speak for is granted at the server. */
  readonly hostKey: string;
  readonly fetch?: typeof fetch;
};

export type AgentHost = {
  /** The structured answer of a tool, for one organisation. @throws where it is refused or fails */
  callTool(organizationId: string, name: string, args?: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
};

/**
 * Many organisations from one process with one key. Each has a client of its own, whose header is fixed when it
 * is made: no call can go out in the name of the organisation before it.
 */
export function createAgentHost({ url, hostKey, fetch }: HostOptions): AgentHost {
  const clients = new Map<string, Promise<Client>>();

  async function connect(organizationId: string): Promise<Client> {
    const headers = { Authorization: `Bearer ${hostKey}`, 'X-Organization-Id': organizationId };
    const client = new Client(
      { name: 'agent-host', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' } },
    );
    const options = { requestInit: { headers }, ...(fetch && { fetch }) };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
    return client;
  }

  function clientOf(organizationId: string): Promise<Client> {
    const known = clients.get(organizationId);
    if (known !== undefined) return known;
    const connecting = connect(organizationId);
    clients.set(organizationId, connecting);
    // A grant may come later: what failed is tried again by the next call.
    connecting.catch(() => clients.delete(organizationId));
    return connecting;
  }

  return {
    async callTool(organizationId, name, args = {}) {
      const client = await clientOf(organizationId);
      const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
      if (isError) throw new Error(content.map((part) => (part.type === 'text' ? part.text : '')).join(' '));
      return structuredContent;
    },
    async close() {
      const settled = await Promise.allSettled(clients.values());
      await Promise.all(settled.map((each) => each.status === 'fulfilled' && each.value.close()));
    },
  };
}
