import type { McpSettings } from '../../config/downstreams.ts';
import type { Downstream, OrganizationLocation } from '../../downstream/downstream.ts';
import { TOOLS_PATH } from '../../downstream/mcp/mcp-call.ts';
import { organizationNames } from '../../downstream/organization/organization-name.ts';
import { pathOfName } from '../../downstream/path.ts';
import { outline, standalone } from '../../json-schema/json-schema.ts';
import type { Scope } from '../../scopes/scopes.ts';
import { requireNoOrganizationDeep } from '../../tool/call/require-no-organization.ts';
import type { Tool } from '../../tool/define-tool.ts';
import type { Effect, JsonSchema } from '../../tool/operation.ts';
import { hint } from '../../words/did-you-mean.ts';
import { type Hashes, isApproved, offerOf, type UpstreamTool } from '../approved-tools.ts';
import { rivalsIn } from '../rival-names.ts';
import { createSchemaTool } from '../schema-tool.ts';
import { closedSchema } from '../schema-validator.ts';
import { toolNames } from '../tool-name.ts';
import { planArgument } from './plan-argument.ts';

/** The tools of an MCP server, and the reasons why others are not served. */
export type McpTools = {
  readonly tools: readonly Tool[];
  readonly unscoped: readonly string[];
  /** Tools that are new or changed since the operator approved them. Their texts may try to instruct the model. */
  readonly held: readonly string[];
  /** Tools that could not be told the organisation, each with the reason. */
  readonly refused: readonly string[];
  /** Arguments that could name an organisation by another word, each with its tool. */
  readonly rivals: readonly string[] | undefined;
  readonly mistakes: readonly string[];
};

export function createMcpTools(
  upstream: readonly UpstreamTool[],
  approved: Hashes,
  settings: McpSettings,
  downstream: Downstream,
): McpTools {
  const { prefix, scopes } = settings;
  const scopeOf = (name: string): Scope | undefined =>
    Object.hasOwn(scopes, name) ? scopes[name] : undefined;
  const held = upstream.filter((tool) => !isApproved(approved, offerOf(tool)));
  const open = upstream.filter((tool) => !held.includes(tool));
  const names = toolNames(
    prefix,
    open.map(({ name }) => name),
  );
  const known = new Set(upstream.map(({ name }) => name));
  const isOrganization = organizationNames([settings.organization.argument, settings.organization.header]);
  const refused: string[] = [];
  const rivals: string[] = [];
  const tools = open.flatMap((tool) => {
    const scope = scopeOf(tool.name);
    if (scope === undefined) return [];
    const planned = planArgument(tool.inputSchema, settings.organization.argument, isOrganization);
    if ('reason' in planned) {
      refused.push(`${tool.name}: ${planned.reason}`);
      return [];
    }
    const others = rivalsIn(tool.inputSchema, tool.inputSchema, isOrganization);
    rivals.push(...others.map((name) => `${tool.name}: ${name}`));
    return [
      createMcpTool({
        tool,
        name: names(tool.name),
        scope,
        settings,
        downstream,
        isOrganization,
        ...planned,
      }),
    ];
  });
  return {
    tools,
    unscoped: upstream.filter(({ name }) => scopeOf(name) === undefined).map(({ name }) => name),
    held: held.map(({ name }) => name),
    refused,
    rivals: rivals.length === 0 ? undefined : rivals,
    mistakes: Object.keys(scopes)
      .filter((name) => !known.has(name))
      .map(
        (name) =>
          `downstreams ${prefix}: scopes: expected a tool of the server, got "${name}"${hint(name, [...known])}`,
      ),
  };
}

type Parts = {
  readonly tool: UpstreamTool;
  readonly name: string;
  readonly scope: Scope;
  readonly settings: McpSettings;
  readonly downstream: Downstream;
  readonly isOrganization: (name: string) => boolean;
  /** Whether the organisation is written into the arguments. */
  readonly isInjected: boolean;
};

const MOST_REPLY_BYTES = 24 * 1024;
const LONGEST_DESCRIPTION = 4096;

function createMcpTool(parts: Parts): Tool {
  const { tool, name, scope, settings, downstream, isOrganization, isInjected } = parts;
  const { header, argument } = settings.organization;
  const locations: OrganizationLocation[] = [
    { in: 'header', name: header },
    ...(isInjected ? [{ in: 'body', name: argument } as const] : []),
  ];
  const inputJsonSchema = closedSchema(standalone(tool.inputSchema, tool.inputSchema, isOrganization));
  const outputJsonSchema = outputSchemaOf(tool);
  return createSchemaTool('not as the server said', {
    name,
    title: tool.title ?? tool.name,
    description: (tool.description ?? tool.title ?? tool.name).slice(0, LONGEST_DESCRIPTION),
    scope,
    effect: effectOf(tool),
    rest: null,
    timeoutSeconds: settings.timeoutSeconds,
    reportsProgress: true,
    inputJsonSchema,
    outputJsonSchema,
    platform: { downstream, locations },
    restBody: 'arguments',
    restReply: null,
    precheck: (raw) => requireNoOrganizationDeep(raw, isOrganization),
    async handle(input, { downstream: bound, progress }) {
      const path = pathOfName(TOOLS_PATH, tool.name);
      return (await bound.request({ method: 'POST', path, body: input, onProgress: progress })).body;
    },
  });
}

/** The effect that the server claims. It grants nothing: the scope decides who may call. */
function effectOf({ annotations = {} }: UpstreamTool): Effect {
  if (annotations.readOnlyHint === true) return 'reads';
  return annotations.destructiveHint === false ? 'writes' : 'destroys';
}

function outputSchemaOf({ outputSchema }: UpstreamTool): JsonSchema {
  if (outputSchema !== undefined)
    return { ...outline(outputSchema, outputSchema, MOST_REPLY_BYTES), type: 'object' };
  const content = {
    type: 'array',
    items: { type: 'object' },
    description: "The upstream tool's content blocks.",
  };
  return { type: 'object', properties: { content }, required: ['content'] };
}
