import type { TenantPrincipal } from '../../principal.ts';
import { mayCall } from '../../tool/call/require-scope.ts';
import type { Tool } from '../../tool/define-tool.ts';
import type { Registry } from '../../tool/registry.ts';

/** A tool as `tools/list` shows it; converted once, at start. */
type ToolDescriptor = {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: 'object'; [keyword: string]: unknown };
  outputSchema: { type: 'object'; [keyword: string]: unknown };
  annotations: {
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
};

/** The tools that the caller may call, in the registry's order, by the predicate that also decides calls. */
export type ToolDescriptors = (principal: TenantPrincipal) => ToolDescriptor[];

export function createToolDescriptors(tools: Registry): ToolDescriptors {
  const shown = tools.all
    .filter((tool) => tool.onMcp)
    .map((tool) => ({ tool, descriptor: describeTool(tool) }));
  return (principal) =>
    shown.filter(({ tool }) => mayCall(principal, tool)).map(({ descriptor }) => descriptor);
}

/** The annotations all follow from the one word `effect`. */
function describeTool(tool: Tool): ToolDescriptor {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: tool.inputJsonSchema,
    outputSchema: tool.outputJsonSchema,
    annotations: {
      readOnlyHint: tool.effect === 'reads',
      destructiveHint: tool.effect === 'destroys',
      idempotentHint: tool.effect !== 'writes',
      openWorldHint: false,
    },
  };
}
