import type { Client } from '@modelcontextprotocol/client';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, DownstreamTerms } from './downstream.ts';
import { callMcpTool, failureOf, withoutTraces } from './mcp-call.ts';
import { connectMcp, type McpServer } from './mcp-connection.ts';
import { createResilience } from './resilience.ts';

export type McpDownstreamOptions = {
  readonly server: McpServer;
  readonly terms: DownstreamTerms;
  readonly credentialFor: Downstream['credentialFor'];
  readonly timeoutMs: number;
  /** Organisations that are connected at one time. */
  readonly connections: number;
};

const IDLE_MS = 300_000;

type Connection = { readonly client: Promise<Client>; calls: number; idle: NodeJS.Timeout | undefined };

/**
 * Another MCP server. Each organisation has connections of its own, which speak with its headers alone: none is
 * ever handed to another.
 */
export function createMcpDownstream(options: McpDownstreamOptions): Downstream {
  const connections = new Map<OrganizationId, Connection>();
  const resilience = createResilience<OrganizationId, DownstreamReply>(0);

  const connectionOf = ({ organizationId, headers, organization }: DownstreamRequest): Connection => {
    const known = connections.get(organizationId);
    if (known !== undefined) {
      // The map's order is the order of use.
      connections.delete(organizationId);
      connections.set(organizationId, known);
      return known;
    }
    if (connections.size >= options.connections) closeIdle(connections);
    const identity = { headers: withoutTraces(headers), organization };
    const client = connectMcp(options.server, identity, options.timeoutMs);
    const made = { client, calls: 0, idle: undefined };
    connections.set(organizationId, made);
    return made;
  };

  /** A program is not kept for an organisation that is silent, or gone. */
  const release = (organizationId: OrganizationId, connection: Connection): void => {
    connection.calls -= 1;
    if (connection.calls > 0) return;
    connection.idle = setTimeout(() => drop(connections, organizationId, connection), IDLE_MS).unref();
  };

  return {
    terms: options.terms,
    credentialFor: options.credentialFor,
    send: (request) =>
      resilience.run(request.organizationId, false, request.signal, async () => {
        const connection = connectionOf(request);
        connection.calls += 1;
        clearTimeout(connection.idle);
        try {
          return await callMcpTool(
            await whileWanted(connection.client, request.signal),
            request,
            options.timeoutMs,
          );
        } catch (thrown) {
          if (request.signal.aborted) {
            if (isLate(request.signal)) drop(connections, request.organizationId, connection);
            throw thrown;
          }
          const outcome = failureOf(thrown);
          // A connection that failed is not trusted again; the next call makes another.
          if ('failure' in outcome && outcome.isOutage) drop(connections, request.organizationId, connection);
          return outcome;
        } finally {
          release(request.organizationId, connection);
        }
      }),
    async close() {
      for (const { idle } of connections.values()) clearTimeout(idle);
      await Promise.allSettled([...connections.values()].map(async ({ client }) => (await client).close()));
      connections.clear();
    },
  };
}

/** Who has stopped waiting for a connection leaves it at once, so that the next call need not wait for its failure. */
function whileWanted(client: Connection['client'], signal: AbortSignal): Connection['client'] {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    client.then(resolve, reject);
  });
}

const isLate = ({ reason }: AbortSignal): boolean =>
  reason instanceof AppError && reason.code === 'DOWNSTREAM_TIMEOUT';

function drop(
  connections: Map<OrganizationId, Connection>,
  organizationId: OrganizationId,
  failed: Connection,
): void {
  if (connections.get(organizationId) === failed) connections.delete(organizationId);
  clearTimeout(failed.idle);
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
