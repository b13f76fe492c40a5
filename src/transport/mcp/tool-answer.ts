import type { AuditSlot } from '../../audit/audit-slot.ts';
import { type AppError, toAppError } from '../../errors.ts';
import { type CallToolDeps, callTool, type ToolCall, type ToolOutput } from '../../tool/call/call-tool.ts';
import type { ToolContent } from '../../tool/content.ts';
import type { Tool } from '../../tool/define-tool.ts';
import { errorData } from '../http/failure-response.ts';
import type { RequestContext } from '../http/request-context.ts';

export type ToolAnswerDeps = {
  readonly callTool: CallToolDeps;
  /** Where hosts take a 403 for a broken connection, a missing scope is the tool's own answer. */
  readonly denial: 'http-403' | 'tool-error';
  readonly report: (error: unknown, requestId: string) => void;
};

/** The answer of a tool call on MCP, in either lane. */
export type ToolAnswer =
  | { readonly ok: true; readonly output: ToolOutput; readonly content: readonly ToolContent[] | null }
  | { readonly ok: false; readonly error: AppError };

/** Makes the call that the gate passed. @throws an AppError for each failure that is a JSON-RPC error */
export async function answerToolCall(
  requestContext: RequestContext,
  listener: Pick<ToolCall, 'signal' | 'progress'>,
  deps: ToolAnswerDeps,
): Promise<ToolAnswer> {
  const { principal, slot, call } = requestContext;
  if (call === undefined) throw new Error('a call reached the SDK that the gate did not judge');
  try {
    const wanted = { name: call.tool.name, arguments: call.arguments, slot };
    const output = await callTool(principal, { ...wanted, ...listener }, deps.callTool);
    return { ok: true, output, content: contentOf(call.tool, output, slot, deps) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL') deps.report(thrown, slot.requestId);
    requestContext.detail = error.detail;
    const isToolAnswer =
      error.reportAs === 'tool' || (error.code === 'INSUFFICIENT_SCOPE' && deps.denial === 'tool-error');
    if (isToolAnswer) return { ok: false, error };
    throw error;
  }
}

/** The call is done already: if its pictures cannot be shown, the fields are. */
function contentOf(tool: Tool, output: ToolOutput, { requestId }: AuditSlot, { report }: ToolAnswerDeps) {
  try {
    return tool.content?.(output) ?? null;
  } catch (thrown) {
    report(thrown, requestId);
    return null;
  }
}

/** No `structuredContent` for a failure: MCP 2026-07-28 clients hold it to the output schema even then. */
export const failureContent = (error: AppError, { slot }: RequestContext) => ({
  _meta: { 'tenantry/error': errorData(error, slot.requestId) },
  content: [{ type: 'text' as const, text: `${error.code}: ${error.message}` }],
  isError: true as const,
});
