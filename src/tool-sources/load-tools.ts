import { pathToFileURL } from 'node:url';
import type { Tool } from '../tool/define-tool.ts';

/** The tools of the operator's own module, or the mistake in it. */
type LoadedTools =
  | { readonly ok: true; readonly tools: readonly Tool[] }
  | { readonly ok: false; readonly mistake: string };

/** Imports `file`, which must export `tools`: a list made with `defineTool` of `tenantry/tool`. */
export async function loadTools(file: string): Promise<LoadedTools> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'it failed';
    return { ok: false, mistake: `tools: expected a module that can be loaded, ${file}: ${why}` };
  }
  const { tools } = module;
  if (Array.isArray(tools) && tools.every(isTool)) return { ok: true, tools };
  return {
    ok: false,
    mistake: `tools: expected ${file} to export "tools", a list made with defineTool of "tenantry/tool"`,
  };
}

/** Whether `defineTool` made it. A hand-written object has no checked schemas. */
function isTool(value: unknown): value is Tool {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
  const { name, scope, handle, parseInput, inputJsonSchema } = value as Partial<Tool>;
  const isNamed = typeof name === 'string' && typeof scope === 'string';
  return (
    isNamed &&
    typeof handle === 'function' &&
    typeof parseInput === 'function' &&
    inputJsonSchema !== undefined
  );
}
