import type { Config } from './config.ts';
import { surfaceOf } from './identity/surface.ts';
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
};

export async function prepareTools(config: Config, shipped: ShippedTools): Promise<PreparedTools> {
  const own = config.tools === undefined ? [] : await loadOwn(config.tools);
  const configured = own.flatMap(({ tools }) => tools);
  const kept = config.builtinTools
    ? shipped.tools
    : shipped.tools.filter((tool) => !shipped.platformTools.includes(tool));
  const tools = [...kept, ...configured];
  return {
    tools,
    mistakes: [
      ...own.flatMap(({ mistakes }) => mistakes),
      ...configured.flatMap(reservedPath),
      ...registryMistakes(tools, createCatalogue(config.scopes.catalogue)),
    ],
  };
}

async function loadOwn(file: string): Promise<PreparedTools[]> {
  const loaded = await loadTools(file);
  return [loaded.ok ? { tools: loaded.tools, mistakes: [] } : { tools: [], mistakes: [loaded.mistake] }];
}

const reserved = /^\/(?:mcp|o|oauth|org|admin|docs|healthz|readyz|metrics|openapi\.json)(?:\/|$)/;

/** A configured tool stands on no path that means something else here, nor where `ADMIN_TOKEN` counts. */
function reservedPath({ name, rest }: Tool): string[] {
  const path = rest?.split(' ')[1] ?? '/v1/';
  if (!reserved.test(path) && surfaceOf(path) === 'data') return [];
  return [`tool ${name}: expected a path that is not reserved, got "${path}"`];
}
