import type { AuditSlot } from '../audit/audit-slot.ts';
import { type AppError, toAppError } from '../errors.ts';
import { type CallToolDeps, callTool, type ToolCall, type ToolOutput } from '../tool/call-tool.ts';
import type { ToolContent } from '../tool/content.ts';
import type { Tool } from '../tool/define-tool.ts';
import type { Exchange } from './exchange.ts';
import { errorData } from './failure-response.ts';

export type ToolAnswerDeps = {
  readonly callTool: CallToolDeps;
  /** Where hosts take a 403 for a broken connection, a missing scope is the tool's own answer. */
  readonly denial: 'http-403' | 'tool-error';
  readonly report: (error: unknown, requestId: string) => void;
};

/** What a tool call comes to on MCP, whichever lane speaks it. */
export type ToolAnswer =
  | { readonly ok: true; readonly output: ToolOutput; readonly content: readonly ToolContent[] | null }
  | { readonly ok: false; readonly error: AppError };

/** Makes the call that the gate passed. @throws what is no answer of a tool but a JSON-RPC error, and always an AppError */
export async function answerToolCall(
  exchange: Exchange,
  listener: Pick<ToolCall, 'signal' | 'progress'>,
  deps: ToolAnswerDeps,
): Promise<ToolAnswer> {
  const { caller, slot, call } = exchange;
  if (call === undefined) throw new Error('a call reached the engine that the gate did not judge');
  try {
    const wanted = { name: call.tool.name, arguments: call.arguments, slot };
    const output = await callTool(caller, { ...wanted, ...listener }, deps.callTool);
    return { ok: true, output, content: contentOf(call.tool, output, slot, deps) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL') deps.report(thrown, slot.requestId);
    exchange.detail = error.detail;
    const isToolAnswer =
      error.spoken === 'tool' || (error.code === 'INSUFFICIENT_SCOPE' && deps.denial === 'tool-error');
    if (isToolAnswer) return { ok: false, error };
    throw error;
  }
}

/** What is done is done: where its pictures cannot be shown, the fields are. */
function contentOf(tool: Tool, output: ToolOutput, { requestId }: AuditSlot, { report }: ToolAnswerDeps) {
  try {
    return tool.content?.(output) ?? null;
  } catch (thrown) {
    report(thrown, requestId);
    return null;
  }
}

/** No `structuredContent` for a failure: today's clients hold it to the output schema even then. */
export const failureContent = (error: AppError, { slot }: Exchange) => ({
  _meta: { 'tenantry/error': errorData(error, slot.requestId) },
  content: [{ type: 'text' as const, text: `${error.code}: ${error.message}` }],
  isError: true as const,
});
