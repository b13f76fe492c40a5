import type { AuditSlot } from '../../audit/audit-slot.ts';
import { bindBootstrap, bindOperator, type OperatorToolDeps } from '../context/operator-context.ts';
import type { OperatorTool } from '../define-operator-tool.ts';
import { parseInput, type RawArguments } from './parse-arguments.ts';

export type OperatorCallDeps = OperatorToolDeps & { readonly maxInputElements: number };

/** The only way to an operation of `/admin`, whose credential was verified: parse, handle, parse. */
export async function callOperatorTool(
  tool: OperatorTool,
  rawArguments: RawArguments,
  slot: AuditSlot,
  deps: OperatorCallDeps,
): Promise<Record<string, unknown>> {
  const input = parseInput(tool, rawArguments, deps.maxInputElements);
  const handled =
    tool.access === 'bootstrap-code'
      ? await tool.handle(input, bindBootstrap(slot, deps))
      : await tool.handle(input, bindOperator(slot, deps));
  return tool.parseOutput(handled);
}
