import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** The answers of the tools that the demo calls, as far as it reads them. */
type Answers = {
  search_agents: {
    agents: { agent_id: string; name: string; age: number; occupation: string; city: string }[];
  };
  mint_key: { key: { id: string; prefix: string; scopes: string[] }; auth_token: string };
  revoke_key: { key: { id: string } };
};

/** A real MCP client of one organisation. */
export type DemoClient = AsyncDisposable & {
  call<Name extends keyof Answers>(tool: Name, args: Record<string, unknown>): Promise<Answers[Name]>;
  /** What a refused call says; undefined where it was not refused. */
  refused(tool: string, args: Record<string, unknown>): Promise<string | undefined>;
};

export async function connectDemoClient(
  url: string,
  key: string,
  organizationId?: string,
): Promise<DemoClient> {
  const headers: Record<string, string> = { Authorization: `Bearer ${key}` };
  if (organizationId !== undefined) headers['X-Organization-Id'] = organizationId;
  const client = new Client(
    { name: 'tenantry-demo', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return {
    async call(name, args) {
      const { isError, structuredContent, content } = await client.callTool({ name, arguments: args });
      if (isError) throw new Error(JSON.stringify(content));
      return structuredContent as Answers[typeof name]; // The server parsed it against the tool's output schema.
    },
    async refused(name, args) {
      try {
        const { isError, content } = await client.callTool({ name, arguments: args });
        return isError ? `refused: ${content[0]?.type === 'text' ? content[0].text : ''}` : undefined;
      } catch (error) {
        return `refused: ${error instanceof Error ? error.message : 'unknown'}`;
      }
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
