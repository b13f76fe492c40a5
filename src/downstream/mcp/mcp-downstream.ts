import type { Client } from '@modelcontextprotocol/client';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import type { OrganizationId } from '../../ids.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, DownstreamTerms } from '../downstream.ts';
import { createResilience } from '../resilience.ts';
import { callMcpTool, failureOf, withoutTraces } from './mcp-call.ts';
import { connectMcp, type McpServer } from './mcp-connection.ts';

export type McpDownstreamOptions = {
  readonly server: McpServer;
  readonly terms: DownstreamTerms;
  /**
   * For an address: its headers.
   *
   * @throws DOWNSTREAM_NOT_CONFIGURED
   */
  readonly credentialFor: Downstream['credentialFor'];
  /**
   * For a program: its environment variables.
   *
   * @throws DOWNSTREAM_NOT_CONFIGURED
   */
  readonly variablesFor: (organizationId: OrganizationId) => Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The most organisations that are connected at the same time. */
  readonly connections: number;
  readonly elapsed: Clock['elapsed'];
};

const IDLE_MS = 300_000;

type Connection = { readonly client: Promise<Client>; calls: number; idle: NodeJS.Timeout | undefined };

/**
 * Another MCP server. Each organisation has its own connection with its own headers; no connection is ever handed to
 * another organisation.
 */
export function createMcpDownstream(options: McpDownstreamOptions): Downstream {
  const connections = new Map<OrganizationId, Connection>();
  const resilience = createResilience<OrganizationId, DownstreamReply>(0, options.elapsed);

  const connectionOf = ({ organizationId, headers, organization }: DownstreamRequest): Connection => {
    const known = connections.get(organizationId);
    if (known !== undefined) {
      // Moves the entry to the end: the map is ordered by last use.
      connections.delete(organizationId);
      connections.set(organizationId, known);
      return known;
    }
    if (connections.size >= options.connections) closeIdle(connections);
    const variables = options.variablesFor(organizationId);
    const identity = { headers: withoutTraces(headers), variables, organization };
    const client = connectMcp(options.server, identity, options.timeoutMs);
    // Each call handles the failure itself. Without this handler a failure that no call awaits would end the process.
    client.catch(() => {});
    const made = { client, calls: 0, idle: undefined };
    connections.set(organizationId, made);
    return made;
  };

  /** Closes the connection, and the program behind it, after five idle minutes. */
  const release = (organizationId: OrganizationId, connection: Connection): void => {
    connection.calls -= 1;
    if (connection.calls > 0) return;
    connection.idle = setTimeout(() => drop(connections, organizationId, connection), IDLE_MS).unref();
  };

  return {
    terms: options.terms,
    credentialFor(organizationId) {
      // A missing variable must fail before anything is noted as leaving.
      options.variablesFor(organizationId);
      return options.credentialFor(organizationId);
    },
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
          // A failed connection is never reused; the next call opens a new one.
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

/** Rejects as soon as the caller aborts, so that the call does not wait for a slow connect. */
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

/**
 * Makes room by closing the connection that has been idle the longest.
 *
 * @throws OVERLOADED when every connection is in use
 */
function closeIdle(connections: Map<OrganizationId, Connection>): void {
  for (const [organizationId, connection] of connections) {
    if (connection.calls > 0) continue;
    drop(connections, organizationId, connection);
    return;
  }
  throw new AppError('OVERLOADED');
}
