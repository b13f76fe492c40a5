import {
  type CallToolResult,
  type Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, DownstreamTerms } from './downstream.ts';
import { connectMcp, type McpServer } from './mcp-connection.ts';
import { createResilience, type Outcome } from './resilience.ts';

export type McpDownstreamOptions = {
  readonly server: McpServer;
  readonly terms: DownstreamTerms;
  readonly credentialFor: Downstream['credentialFor'];
  readonly timeoutMs: number;
  /** Organisations that are connected at one time. */
  readonly connections: number;
};

/** The path under which a tool is asked for: a request's last segment is its name. */
export const TOOLS_PATH = '/tools';

type Connection = { readonly client: Promise<Client>; calls: number };

/**
 * Another MCP server. Each organisation has connections of its own, which speak with its headers alone: none is
 * ever handed to another.
 */
export function createMcpDownstream(options: McpDownstreamOptions): Downstream {
  const connections = new Map<OrganizationId, Connection>();
  const resilience = createResilience<OrganizationId, DownstreamReply>(0);

  const connectionOf = ({ organizationId, headers, organization }: DownstreamRequest): Connection => {
    const known = connections.get(organizationId);
    if (known !== undefined) return known;
    if (connections.size >= options.connections) closeIdle(connections);
    const made = { client: connectMcp(options.server, { headers, organization }), calls: 0 };
    connections.set(organizationId, made);
    return made;
  };

  return {
    terms: options.terms,
    credentialFor: options.credentialFor,
    send: (request) =>
      resilience.run(request.organizationId, false, request.signal, async () => {
        const connection = connectionOf(request);
        connection.calls += 1;
        try {
          return await call(await connection.client, request, options.timeoutMs);
        } catch (thrown) {
          if (request.signal.aborted) throw thrown;
          const outcome = failureOf(thrown);
          // A connection that failed is not trusted again; the next call makes another.
          if ('failure' in outcome && outcome.isOutage) drop(connections, request.organizationId, connection);
          return outcome;
        } finally {
          connection.calls -= 1;
        }
      }),
    async close() {
      await Promise.allSettled([...connections.values()].map(async ({ client }) => (await client).close()));
      connections.clear();
    },
  };
}

async function call(
  client: Client,
  request: DownstreamRequest,
  timeoutMs: number,
): Promise<Outcome<DownstreamReply>> {
  const { onProgress } = request;
  const result: CallToolResult = await client.callTool(
    {
      name: decodeURIComponent(request.url.pathname.slice(TOOLS_PATH.length + 1)),
      arguments: request.body as Record<string, unknown>, // `writeOrganization` saw to it that it is an object.
    },
    {
      signal: request.signal,
      timeout: timeoutMs,
      resetTimeoutOnProgress: true,
      ...(onProgress && {
        onprogress: ({ progress, total, message }) =>
          void onProgress(progress, total ?? progress, message ?? ''),
      }),
    },
  );
  if (result.isError === true) return refused('The tool of the upstream server reported a failure.');
  return { value: { status: 200, body: result.structuredContent ?? { content: result.content } } };
}

function failureOf(thrown: unknown): Outcome<DownstreamReply> {
  if (thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout) {
    return { failure: new AppError('DOWNSTREAM_TIMEOUT'), isOutage: true, isTransient: false };
  }
  if (thrown instanceof ProtocolError) return refused('The upstream server refused the call.', thrown);
  const failure = new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'network' }, cause: thrown });
  return { failure, isOutage: true, isTransient: false };
}

/** An answer all the same: the server is there, and its words stay behind. */
const refused = (message: string, cause?: unknown): Outcome<DownstreamReply> => ({
  failure: new AppError('DOWNSTREAM_FAILED', { message, cause }),
  isOutage: false,
  isTransient: false,
});

function drop(
  connections: Map<OrganizationId, Connection>,
  organizationId: OrganizationId,
  failed: Connection,
): void {
  if (connections.get(organizationId) === failed) connections.delete(organizationId);
  void failed.client.then((client) => client.close()).catch(() => {});
}

/** Makes room by closing whatever has been idle the longest. */
function closeIdle(connections: Map<OrganizationId, Connection>): void {
  for (const [organizationId, connection] of connections) {
    if (connection.calls > 0) continue;
    drop(connections, organizationId, connection);
    return;
  }
  throw new AppError('OVERLOADED');
}
