import type { Clock } from '../clock.ts';
import type { McpSettings, OpenApiSettings } from '../config/downstreams.ts';
import type { Config, Environment } from '../config/load-config.ts';
import { missingCredentials, secretsIn } from '../config/secrets.ts';
import type { Downstream } from '../downstream/downstream.ts';
import { restSurfaceOf } from '../identity/surface.ts';
import type { Node } from '../json-schema/node.ts';
import { createRedactor } from '../log.ts';
import { createCatalogue } from '../scopes/scopes.ts';
import type { Tool } from '../tool/define-tool.ts';
import { registryMistakes } from '../tool/registry.ts';
import {
  type Approvals,
  approvedOf,
  documentName,
  isApproved,
  isPinned,
  offerOf,
  serverName,
} from './approved-tools.ts';
import { loadTools } from './load-tools.ts';
import { scopeMistakes } from './scope-mistakes.ts';
import type { ToolReport } from './tool-report.ts';

/** All built-in tools, and those of them that need the embedded platform. */
type ShippedTools = { readonly tools: readonly Tool[]; readonly platformTools: readonly Tool[] };

/** What a configuration serves. It is prepared before the store or a socket opens. */
export type PreparedTools = {
  readonly tools: readonly Tool[];
  /** The built-in ones among them. Anybody may know them. */
  readonly shipped: readonly Tool[];
  /** Contradictions between tools and configuration, each as a sentence. */
  readonly mistakes: readonly string[];
  /** Which operations are not served and why, for the operator. */
  readonly reports: readonly ToolReport[];
  /** The platforms of configured tools. The caller of `prepareTools` closes them. */
  readonly downstreams: readonly Downstream[];
};

const nothing: PreparedTools = { tools: [], shipped: [], mistakes: [], reports: [], downstreams: [] };

type Options = {
  readonly elapsed: Clock['elapsed'];
  /** Only looks for mistakes, and approves nothing. */
  readonly isTrial?: boolean;
  /** Receives each line that a program writes to stderr while it lists its tools. */
  readonly tell?: (line: string) => void;
};

/** What the loaders of downstreams need. */
type Given = Pick<Required<Options>, 'elapsed' | 'tell'> & {
  readonly env: Environment;
  readonly approvals: Approvals;
};

export async function prepareTools(
  config: Config,
  env: Environment,
  shipped: ShippedTools,
  { elapsed, isTrial = false, tell = () => {} }: Options,
): Promise<PreparedTools> {
  const kept = config.builtinTools
    ? shipped.tools
    : shipped.tools.filter((tool) => !shipped.platformTools.includes(tool));
  // The other side knows its credential and may print it.
  const redact = createRedactor(secretsIn(config, env));
  const given: Given = {
    env,
    elapsed,
    approvals: { file: config.approvedToolsFile, isTrial },
    tell: (line) => tell(redact(line)),
  };
  const load = (settings: McpSettings | OpenApiSettings) =>
    'openapi' in settings ? loadOpenApi(settings, given) : loadMcp(settings, given);
  const parts = [await loadOwn(config.tools), ...(await Promise.all(config.downstreams.map(load)))];
  const configured = parts.flatMap(({ tools }) => tools);
  const tools = [...kept, ...configured];
  const catalogue = createCatalogue(config.scopes.catalogue);
  return {
    tools,
    shipped: kept,
    mistakes: [
      ...missingCredentials(config, env),
      ...parts.flatMap(({ mistakes }) => mistakes.map(redact)),
      ...configured.flatMap(reservedPath),
      ...registryMistakes(tools),
      ...scopeMistakes(tools, shipped.platformTools, catalogue),
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

const NO_ADDRESS = 'expected an absolute https address among its servers, or "url" in the configuration';

async function loadOpenApi(
  settings: OpenApiSettings,
  { approvals, env, elapsed }: Given,
): Promise<PreparedTools> {
  const { prefix, openapi } = settings;
  const place = `downstreams ${prefix}: openapi: ${openapi}`;
  try {
    // Imported on demand: most starts read no document.
    const { readDocument, serverOf } = await import('./openapi/read-document.ts');
    const { chooseOperations } = await import('./openapi/choose-operations.ts');
    const { createOpenApiTools } = await import('./openapi/create-openapi-tools.ts');
    const { createConfiguredDownstream } = await import('../downstream/configured-downstream.ts');
    const document = await readDocument(openapi);
    const { isTrial } = approvals;
    const address = settings.url ?? serverOf(document);
    if (address === undefined) {
      const { mistakes } = chooseOperations(document, settings, new Set(), isTrial);
      return { ...nothing, mistakes: [`${place}: ${NO_ADDRESS}`, ...mistakes] };
    }
    const downstream = createConfiguredDownstream(address, settings, env, elapsed);
    const { isFirstSeen, pinned } = await pinnedOf(document, settings, approvals);
    const made = createOpenApiTools(document, settings, downstream, {
      ...pinned,
      isTrial,
    });
    return loadedFrom(downstream, made, prefix, isFirstSeen);
  } catch (error) {
    return { ...nothing, mistakes: [`${place}: ${sentenceOf(error)}`] };
  }
}

/** Which of a document's operations wait for approval. */
async function pinnedOf(document: Node, settings: OpenApiSettings, approvals: Approvals) {
  if (!isPinned(settings)) return { isFirstSeen: false, pinned: {} };
  const { offersOf } = await import('./openapi/operation-offers.ts');
  const offers = offersOf(document, settings);
  const { approved, isFirstSeen } = approvedOf(approvals, documentName(settings), offers);
  const held = offers.filter((offer) => !isApproved(approved, offer)).map(({ name }) => name);
  return { isFirstSeen, pinned: { approved: new Set(Object.keys(approved)), held: new Set(held) } };
}

async function loadMcp(
  settings: McpSettings,
  { approvals, env, elapsed, tell }: Given,
): Promise<PreparedTools> {
  const { prefix } = settings;
  try {
    const { createUpstream, listUpstream } = await import('./mcp/upstream.ts');
    const { createMcpTools } = await import('./mcp/create-mcp-tools.ts');
    const upstream = await listUpstream(settings, env, tell);
    const offers = upstream.map(offerOf);
    const { approved, isFirstSeen } = approvedOf(approvals, serverName(settings), offers);
    const downstream = createUpstream(settings, env, elapsed);
    const made = createMcpTools(upstream, approved, settings, downstream);
    return loadedFrom(downstream, made, prefix, isFirstSeen);
  } catch (error) {
    const where = typeof settings.mcp === 'string' ? settings.mcp : settings.mcp.command;
    return { ...nothing, mistakes: [`downstreams ${prefix}: ${where}: ${sentenceOf(error)}`] };
  }
}

type Made = Pick<PreparedTools, 'tools' | 'mistakes'> & Omit<ToolReport, 'prefix' | 'tools' | 'isFirstSeen'>;

/** The tools of one downstream, with their report. */
function loadedFrom(
  downstream: Downstream,
  { tools, mistakes, ...rest }: Made,
  prefix: string,
  isFirstSeen: boolean,
): PreparedTools {
  const report = { prefix, tools: tools.length, ...rest, isFirstSeen };
  return { ...nothing, tools, mistakes, reports: [report], downstreams: [downstream] };
}

const sentenceOf = (error: unknown): string =>
  (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? 'it failed';

const reserved = /^\/(?:mcp|o|oauth|org|admin|docs|healthz|readyz|metrics|openapi\.json)(?:\/|$)/;

/** Refuses a path of a configured tool that has a meaning here, or that ADMIN_TOKEN can reach. */
function reservedPath({ name, rest, platform }: Tool): string[] {
  const path = rest?.split(' ')[1] ?? '/v1/';
  // A placeholder as the first segment would match our own paths too.
  if (/^\/(?:v1\/)?\{/.test(path))
    return [
      `tool ${name}: expected a word as the first segment of its own, got "${path}"${adviceFor(platform)}`,
    ];
  const isOfDocument = platform !== null && rest !== null && /^\/v1(?:\/|$)/.test(path);
  if (!reserved.test(path) && restSurfaceOf(path) === 'data' && !isOfDocument) return [];
  return [`tool ${name}: expected a path that is not reserved, got "${path}"${adviceFor(platform)}`];
}

const adviceFor = (platform: Tool['platform']): string =>
  platform === null ? '' : '; "rest": false serves its operations as tools alone';
