import { failureLine, failureOf, observeRefusals, toolFailureOf } from './remote-failure.ts';
import { remoteHeaders } from './remote-target.ts';

/** The answers of the tools that the demo calls, as far as it reads them. */
type Answers = {
  search_agents: {
    agents: { agent_id: string; name: string; age: number; occupation: string; city: string }[];
  };
  mint_key: { key: { id: string; prefix: string; scopes: string[] }; auth_token: string };
  rotate_key: {
    key: { id: string; prefix: string };
    auth_token: string;
    replaced: { prefix: string; last_client: string | null };
  };
  revoke_key: { key: { id: string } };
};

/** A real MCP client of one organisation. */
export type DemoClient = AsyncDisposable & {
  call<Name extends keyof Answers>(tool: Name, args: Record<string, unknown>): Promise<Answers[Name]>;
  /** What a refused call says; undefined where it was not refused. */
  refused(tool: string, args: Record<string, unknown>): Promise<string | undefined>;
};

/** @throws an Error that says in one line how the server refused */
export async function connectDemoClient(
  url: string,
  key: string,
  organizationId?: string,
): Promise<DemoClient> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const observed = observeRefusals(fetch);
  const client = new Client(
    { name: 'tenantry-demo', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const requestInit = { headers: remoteHeaders(key, organizationId) };
  const refusalIn = (thrown: unknown): string => failureLine(failureOf(thrown, observed.lastRefusal()));
  try {
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url), { fetch: observed.fetch, requestInit }),
    );
  } catch (thrown) {
    throw new Error(refusalIn(thrown), { cause: thrown });
  }
  return {
    async call(name, args) {
      const result = await client.callTool({ name, arguments: args });
      const failure = toolFailureOf(result);
      if (failure !== undefined) throw new Error(failureLine(failure));
      return result.structuredContent as Answers[typeof name]; // The server parsed it against the tool's output schema.
    },
    async refused(name, args) {
      try {
        const failure = toolFailureOf(await client.callTool({ name, arguments: args }));
        return failure === undefined ? undefined : failureLine(failure);
      } catch (thrown) {
        return refusalIn(thrown);
      }
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
