import { type AppError, toAppError } from '../errors.ts';
import { type CallToolDeps, callTool, type ToolCall, type ToolOutput } from '../tool/call-tool.ts';
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
  | { readonly ok: true; readonly output: ToolOutput }
  | { readonly ok: false; readonly error: AppError };

/** Calls the tool. @throws what is no answer of a tool but a JSON-RPC error, and always an AppError */
export async function answerToolCall(
  exchange: Exchange,
  call: Pick<ToolCall, 'name' | 'signal' | 'progress'>,
  deps: ToolAnswerDeps,
): Promise<ToolAnswer> {
  const { caller, slot, toolArguments = {} } = exchange;
  try {
    const output = await callTool(caller, { ...call, arguments: toolArguments, slot }, deps.callTool);
    return { ok: true, output };
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

/** No `structuredContent` for a failure: today's clients hold it to the output schema even then. */
export const failureContent = (error: AppError, { slot }: Exchange) => ({
  _meta: { 'tenantry/error': errorData(error, slot.requestId) },
  content: [{ type: 'text' as const, text: `${error.code}: ${error.message}` }],
  isError: true as const,
});
