import type { Environment } from '../config.ts';
import type { McpSettings } from '../config-downstream.ts';
import type { Downstream } from '../downstream/downstream.ts';
import { credentialFrom } from '../downstream/gateway-credential.ts';
import { connectMcp, type McpServer } from '../downstream/mcp-connection.ts';
import { createMcpDownstream } from '../downstream/mcp-downstream.ts';
import type { UpstreamTool } from './approved-tools.ts';

/** The server that the configuration names, as the platform of its tools. */
export function createUpstream(settings: McpSettings, env: Environment): Downstream {
  return createMcpDownstream({
    server: serverOf(settings),
    terms: {
      organization: { in: 'header', name: settings.organization.header },
      basePath: '',
      replyField: 'organization_id',
      requireOrganizationInReply: false,
    },
    credentialFor: credentialFrom(settings.credential, env),
    timeoutMs: settings.timeoutSeconds * 1000,
    connections: settings.connections,
  });
}

function serverOf({ mcp, organization, maxResponseBytes: maxBytes }: McpSettings): McpServer {
  if (typeof mcp === 'string') return { url: new URL(mcp), maxBytes };
  return { ...mcp, organizationVariable: organization.variable, maxBytes };
}

const LISTING_MS = 20_000;
const MOST_PAGES = 100;

/** What the server offers, asked for nobody: a list is no organisation's. Throws where it cannot be had in time. */
export async function listUpstream(
  settings: McpSettings,
  env: Environment,
): Promise<readonly UpstreamTool[]> {
  const { credential } = settings;
  // Where each organisation has a credential of its own, the server is asked without one.
  const isForAll = credential !== undefined && !credential.environment.includes('{');
  const headers = isForAll ? credentialFrom(credential, env)('' as never) : {};
  const client = await connectMcp(serverOf(settings), { headers, organization: null }, LISTING_MS);
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
