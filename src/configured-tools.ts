import type { Config, Environment } from './config.ts';
import type { McpSettings, OpenApiSettings } from './config-downstream.ts';
import { missingCredentials } from './config-secrets.ts';
import type { Downstream } from './downstream/downstream.ts';
import { surfaceOf } from './identity/surface.ts';
import { readApproved, serverName, writeApproved } from './mcp-tools/approved-tools.ts';
import { createCatalogue } from './scopes/scopes.ts';
import type { Tool } from './tool/define-tool.ts';
import { loadTools } from './tool/load-tools.ts';
import { registryMistakes } from './tool/registry.ts';

/** Every tool that comes with the program, and those of them that belong to the platform it comes with. */
export type ShippedTools = { readonly tools: readonly Tool[]; readonly platformTools: readonly Tool[] };

/** What this configuration serves, settled before anything is opened. */
export type PreparedTools = {
  readonly tools: readonly Tool[];
  /** What the tools and the configuration say against each other, each in a sentence. */
  readonly mistakes: readonly string[];
  /** Operations of documents that are no tools, and why; for the operator to know. */
  readonly reports: readonly ToolReport[];
  /** The platforms that only some tools speak to; to be closed by whoever serves them. */
  readonly downstreams: readonly Downstream[];
};

export type ToolReport = {
  readonly prefix: string;
  readonly tools: number;
  readonly unscoped: readonly string[];
  readonly refused: readonly string[];
  /** Tools of another server that changed since they were approved. */
  readonly held: readonly string[];
  /** Whether its tools were approved just now, because nothing was known of the server. */
  readonly isFirstSeen: boolean;
};

const nothing: PreparedTools = { tools: [], mistakes: [], reports: [], downstreams: [] };

export async function prepareTools(
  config: Config,
  env: Environment,
  shipped: ShippedTools,
): Promise<PreparedTools> {
  const kept = config.builtinTools
    ? shipped.tools
    : shipped.tools.filter((tool) => !shipped.platformTools.includes(tool));
  const parts = [
    await loadOwn(config.tools),
    ...(await Promise.all(
      config.downstreams.map((settings) =>
        'openapi' in settings ? loadOpenApi(settings, env) : loadMcp(settings, config, env),
      ),
    )),
  ];
  const configured = parts.flatMap(({ tools }) => tools);
  const tools = [...kept, ...configured];
  const catalogue = createCatalogue(config.scopes.catalogue);
  return {
    tools,
    mistakes: [
      ...missingCredentials(config, env),
      ...parts.flatMap(({ mistakes }) => mistakes),
      ...configured.flatMap(reservedPath),
      ...registryMistakes(tools, catalogue),
    ],
    reports: parts.flatMap(({ reports }) => reports),
    downstreams: parts.flatMap(({ downstreams }) => downstreams),
  };
}

async function loadOwn(file: string | undefined): Promise<PreparedTools> {
  if (file === undefined) return nothing;
  const loaded = await loadTools(file);
  return loaded.ok ? { ...nothing, tools: loaded.tools } : { ...nothing, mistakes: [loaded.mistake] };
}

async function loadOpenApi(settings: OpenApiSettings, env: Environment): Promise<PreparedTools> {
  const { prefix, openapi } = settings;
  try {
    // Loaded where it is used: most starts have no document to read.
    const { readDocument, serverOf } = await import('./openapi-tools/read-document.ts');
    const { createOpenApiTools } = await import('./openapi-tools/create-openapi-tools.ts');
    const { createConfiguredDownstream } = await import('./downstream/configured-downstream.ts');
    const document = await readDocument(openapi);
    const downstream = createConfiguredDownstream(settings.url ?? serverOf(document), settings, env);
    const { tools, unscoped, refused, mistakes } = createOpenApiTools(document, settings, downstream);
    const report = { prefix, tools: tools.length, unscoped, refused, held: [], isFirstSeen: false };
    return { tools, mistakes, reports: [report], downstreams: [downstream] };
  } catch (error) {
    return { ...nothing, mistakes: [`downstreams ${prefix}: ${openapi}: ${sentenceOf(error)}`] };
  }
}

async function loadMcp(settings: McpSettings, config: Config, env: Environment): Promise<PreparedTools> {
  const { prefix } = settings;
  try {
    const { createUpstream, listUpstream } = await import('./mcp-tools/upstream.ts');
    const { createMcpTools } = await import('./mcp-tools/create-mcp-tools.ts');
    const upstream = await listUpstream(settings, env);
    const { approvedToolsFile: file } = config;
    // What a server says at first is what the operator chose it for; from then on a change waits for them.
    const server = serverName(settings);
    const isFirstSeen = readApproved(file)[server] === undefined;
    if (isFirstSeen) writeApproved(file, server, upstream);
    const approved = readApproved(file)[server] ?? {};
    const downstream = createUpstream(settings, env);
    const { tools, unscoped, held, mistakes } = createMcpTools(upstream, approved, settings, downstream);
    const report = { prefix, tools: tools.length, unscoped, refused: [], held, isFirstSeen };
    return { tools, mistakes, reports: [report], downstreams: [downstream] };
  } catch (error) {
    const where = typeof settings.mcp === 'string' ? settings.mcp : settings.mcp.command;
    return { ...nothing, mistakes: [`downstreams ${prefix}: ${where}: ${sentenceOf(error)}`] };
  }
}

const sentenceOf = (error: unknown): string =>
  (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? 'it failed';

const reserved = /^\/(?:mcp|o|oauth|org|admin|docs|healthz|readyz|metrics|openapi\.json)(?:\/|$)/;

/** A configured tool stands on no path that means something else here, nor where `ADMIN_TOKEN` counts. */
function reservedPath({ name, rest, platform }: Tool): string[] {
  const path = rest?.split(' ')[1] ?? '/v1/';
  // A segment of any name would be one of ours too.
  if (/^\/(?:v1\/)?\{/.test(path))
    return [
      `tool ${name}: expected a word as the first segment of its own, got "${path}"${adviceFor(platform)}`,
    ];
  const isOfDocument = platform !== null && rest !== null && /^\/v1(?:\/|$)/.test(path);
  if (!reserved.test(path) && surfaceOf(path) === 'data' && !isOfDocument) return [];
  return [`tool ${name}: expected a path that is not reserved, got "${path}"${adviceFor(platform)}`];
}

const adviceFor = (platform: Tool['platform']): string =>
  platform === null ? '' : '; "rest": false serves its operations as tools alone';
