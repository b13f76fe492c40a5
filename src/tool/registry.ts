import { AppError } from '../errors.ts';
import type { TenantPrincipal } from '../principal.ts';
import { closeNames } from '../words/did-you-mean.ts';
import { mayCall } from './call/require-scope.ts';
import type { Tool } from './define-tool.ts';
import { hasProperty } from './operation.ts';
import type { CompiledResource } from './tool-resource.ts';

/** The tools of this server, in their fixed order. */
export type Registry = {
  readonly all: readonly Tool[];
  /** `principal` is offered tools of close names, of those that they may call. @throws UNKNOWN_TOOL */
  find(name: string, principal?: TenantPrincipal): Tool;
};

/** Every mistake in the list, for the start: names and routes are unique. */
export function registryMistakes(tools: readonly Tool[]): readonly string[] {
  const mistakes: string[] = [];
  const names = new Set<string>();
  const routes = new Set<string>();
  for (const tool of tools) {
    if (names.has(tool.name)) mistakes.push(`tool ${tool.name}: expected a name of its own`);
    names.add(tool.name);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(tool.name))
      mistakes.push(`tool ${tool.name}: expected a valid tool name`);
    mistakes.push(...resourceMistakes(tool, tools));
    const route = tool.rest?.replaceAll(/\{[^}]+\}/g, '{}');
    if (route === undefined) continue;
    if (routes.has(route))
      mistakes.push(`tool ${tool.name}: expected a route of its own, got "${tool.rest}"`);
    routes.add(route);
  }
  return mistakes;
}

/** A resource has a template of its own, and a tool that completes its ids. */
function resourceMistakes({ name, resource }: Tool, tools: readonly Tool[]): string[] {
  if (resource === null) return [];
  const { start, completion } = resource;
  const isShared = tools.some((other) => other.name !== name && other.resource?.start === start);
  const completing = tools.find((other) => other.name === completion.tool);
  return [
    ...(isShared ? [`tool ${name}: expected a resource of its own, got "${resource.uri}"`] : []),
    ...(mayComplete(completing, completion)
      ? []
      : [`tool ${name}: expected a tool that completes, got "${completion.tool}"`]),
  ];
}

/** It only reads, takes what it will be called with, and gives the rows that are looked for. */
function mayComplete(tool: Tool | undefined, { search, rows }: CompiledResource['completion']): boolean {
  if (tool === undefined || !tool.onMcp || tool.effect !== 'reads') return false;
  const taken = search === undefined ? ['limit'] : ['limit', search];
  return (
    taken.every((name) => hasProperty(tool.inputJsonSchema, name)) && hasProperty(tool.outputJsonSchema, rows)
  );
}

const unknownTool = (close: readonly string[]) =>
  close.length === 0
    ? {}
    : {
        message: `There is no such tool; did you mean ${close.join(' or ')}?`,
        data: { did_you_mean: close },
      };

export function createRegistry(tools: readonly Tool[]): Registry {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    all: Object.freeze([...tools]),
    find(name, principal) {
      const tool = byName.get(name);
      if (tool !== undefined && (principal === undefined || tool.onMcp)) return tool;
      const offered = tools.filter(
        (each) => each.onMcp && principal !== undefined && mayCall(principal, each),
      );
      const close = closeNames(
        name,
        offered.map((each) => each.name),
      );
      throw new AppError('UNKNOWN_TOOL', unknownTool(close));
    },
  };
}
