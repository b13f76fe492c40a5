import type { Clock } from '../../clock.ts';
import { credentialVariable, type McpSettings } from '../../config/downstreams.ts';
import type { Environment } from '../../config/load-config.ts';
import type { Downstream } from '../../downstream/downstream.ts';
import {
  credentialFrom,
  credentialValue,
  isCredentialPerOrganization,
} from '../../downstream/gateway-credential.ts';
import { connectMcp, type McpServer } from '../../downstream/mcp/mcp-connection.ts';
import { createMcpDownstream, type McpDownstreamOptions } from '../../downstream/mcp/mcp-downstream.ts';
import type { OrganizationId } from '../../ids.ts';
import type { UpstreamTool } from '../approved-tools.ts';

/** The configured MCP server as a downstream. */
export function createUpstream(
  settings: McpSettings,
  env: Environment,
  elapsed: Clock['elapsed'],
): Downstream {
  return createMcpDownstream({
    server: serverOf(settings),
    terms: {
      organization: { in: 'header', name: settings.organization.header },
      basePath: '',
      replyField: settings.replyField,
      otherNames: [settings.organization.argument],
      requireOrganizationInReply: false,
      credentialPerOrganization: isCredentialPerOrganization(settings.credential),
    },
    ...credentialOf(settings, env),
    timeoutMs: settings.timeoutSeconds * 1000,
    connections: settings.connections,
    elapsed,
  });
}

/** A server by URL gets its credential in a header, a program in an environment variable. */
function credentialOf(
  { mcp, credential }: McpSettings,
  env: Environment,
): Pick<McpDownstreamOptions, 'credentialFor' | 'variablesFor'> {
  if (typeof mcp === 'string' || credential === undefined)
    return { credentialFor: credentialFrom(credential, env), variablesFor: () => ({}) };
  const name = credentialVariable(credential);
  return {
    credentialFor: () => ({}),
    variablesFor: (organizationId) => ({
      [name]: credentialValue(credential.environment, organizationId, env),
    }),
  };
}

function serverOf({ mcp, organization, maxResponseBytes: maxBytes }: McpSettings): McpServer {
  if (typeof mcp === 'string') return { url: new URL(mcp), maxBytes };
  return { ...mcp, organizationVariable: organization.variable, maxBytes };
}

const LISTING_MS = 20_000;
const MOST_PAGES = 100;

/**
 * Lists the server's tools, without an organisation. `tell` receives each line that a program writes to stderr
 * meanwhile.
 *
 * @throws Error when the list does not arrive in time
 */
export async function listUpstream(
  settings: McpSettings,
  env: Environment,
  tell: (line: string) => void,
): Promise<readonly UpstreamTool[]> {
  const { credential } = settings;
  // With one credential per organisation there is none for listing.
  const shared = isCredentialPerOrganization(credential) ? undefined : credential;
  const { credentialFor, variablesFor } = credentialOf({ ...settings, credential: shared }, env);
  const nobody = '' as OrganizationId; // A shared credential's variable does not contain the id.
  const identity = {
    headers: credentialFor(nobody),
    variables: variablesFor(nobody),
    organization: null,
    onStderr: (line: string) => tell(`${settings.prefix}: ${line}`),
  };
  const client = await connectMcp(serverOf(settings), identity, LISTING_MS);
  try {
    const tools: UpstreamTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const listed = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout: LISTING_MS });
      tools.push(...listed.tools);
      cursor = listed.nextCursor;
      if (cursor === undefined) break;
    }
    return tools;
  } finally {
    await client.close();
  }
}
