import type { McpSettings } from '../config-downstream.ts';
import type { Downstream, OrganizationPlace } from '../downstream/downstream.ts';
import { TOOLS_PATH } from '../downstream/mcp-call.ts';
import { pathOf } from '../downstream/path.ts';
import { AppError } from '../errors.ts';
import { outline, standalone, validated } from '../json-schema/json-schema.ts';
import { asNode } from '../json-schema/node.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { Tool } from '../tool/define-tool.ts';
import type { Effect, JsonSchema } from '../tool/operation.ts';
import { requireUnnamed } from '../tool/require-unnamed.ts';
import { closedSchema, lazyValidator, parseBySchema } from '../tool/schema-validator.ts';
import { toolName } from '../tool/tool-name.ts';
import { type Approved, fingerprint, type UpstreamTool } from './approved-tools.ts';

/** The tools of another MCP server, and why others of them are none. */
export type McpTools = {
  readonly tools: readonly Tool[];
  readonly unscoped: readonly string[];
  /** New or changed since the operator approved them; what they say may be meant for the model alone. */
  readonly held: readonly string[];
  readonly mistakes: readonly string[];
};

export function createMcpTools(
  upstream: readonly UpstreamTool[],
  approved: Approved[string],
  settings: McpSettings,
  downstream: Downstream,
): McpTools {
  const { prefix, scopes } = settings;
  const scopeOf = (name: string): Scope | undefined =>
    Object.hasOwn(scopes, name) ? scopes[name] : undefined;
  const isApproved = (tool: UpstreamTool) =>
    Object.hasOwn(approved, tool.name) && approved[tool.name] === fingerprint(tool);
  const known = new Set(upstream.map(({ name }) => name));
  return {
    tools: upstream.filter(isApproved).flatMap((tool) => {
      const scope = scopeOf(tool.name);
      return scope === undefined ? [] : [createMcpTool(tool, scope, settings, downstream)];
    }),
    unscoped: upstream.filter(({ name }) => scopeOf(name) === undefined).map(({ name }) => name),
    held: upstream.filter((tool) => !isApproved(tool)).map(({ name }) => name),
    mistakes: Object.keys(scopes)
      .filter((name) => !known.has(name))
      .map((name) => `downstreams ${prefix}: scopes: expected a tool of the server, got "${name}"`),
  };
}

const MOST_REPLY_BYTES = 24 * 1024;
const LONGEST_DESCRIPTION = 4096;

function createMcpTool(
  tool: UpstreamTool,
  scope: Scope,
  settings: McpSettings,
  downstream: Downstream,
): Tool {
  const { header, argument } = settings.organization;
  const takesOrganization = Object.hasOwn(asNode(tool.inputSchema.properties), argument);
  const places: OrganizationPlace[] = [
    { in: 'header', name: header },
    ...(takesOrganization ? [{ in: 'body', name: argument } as const] : []),
  ];
  const inputJsonSchema = closedSchema(standalone(tool.inputSchema, tool.inputSchema, argument));
  const outputJsonSchema = outputSchemaOf(tool);
  const inputValidator = lazyValidator(() => validated(asNode(inputJsonSchema)));
  const outputValidator = lazyValidator(() => validated(asNode(outputJsonSchema)));
  return Object.freeze<Tool>({
    name: toolName(settings.prefix, tool.name),
    title: tool.title ?? tool.name,
    description: (tool.description ?? tool.title ?? tool.name).slice(0, LONGEST_DESCRIPTION),
    scope,
    effect: effectOf(tool),
    rest: null,
    onMcp: true,
    creates: false,
    timeoutSeconds: settings.timeoutSeconds,
    maxInputElements: null,
    reportsProgress: true,
    content: null,
    resource: null,
    inputJsonSchema,
    outputJsonSchema,
    platform: { downstream, places },
    restBody: 'arguments',
    restReply: null,
    parseInput: (raw) => parseBySchema(raw, inputValidator()),
    parseOutput(handled) {
      if (outputValidator()(handled) === true) return asNode(handled);
      throw new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'not as the server said' } });
    },
    precheck: (raw) => requireUnnamed(raw, places),
    async handle(input, { downstream: bound, progress }) {
      const path = pathOf(`${TOOLS_PATH}/{name}`, () => tool.name);
      return (await bound.request({ method: 'POST', path, body: input, onProgress: progress })).body;
    },
  });
}

/** What the server claims; only who may call it is decided by the scope. */
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
