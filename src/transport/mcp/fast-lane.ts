import type { IncomingMessage } from 'node:http';
import type { Era } from '../../audit/audit-event.ts';
import type { Registry } from '../../tool/registry.ts';
import type { Answer, RequestContext } from '../http/request-context.ts';
import { detectEra } from './detect-era.ts';
import { asksForProgress, type RpcMessage } from './mcp-gate.ts';
import { modernMeta } from './mcp-server.ts';
import type { SdkExtension } from './sdk-extension.ts';
import { answerToolCall, failureContent, type ToolAnswerDeps } from './tool-answer.ts';
import type { ToolList } from './tool-list.ts';

type FastLaneDeps = ToolAnswerDeps & {
  readonly version: string;
  readonly tools: Registry;
  readonly toolList: ToolList;
  readonly extension: SdkExtension | null;
};

/**
 * Answers calls and lists of a plain form without the SDK. Gate, `callTool` and audit are the same. So are the
 * bytes of the answer, except that the 2025 era gets JSON in place of a stream of one event. Undefined for messages
 * that the SDK must check.
 */
type FastLane = {
  answer(
    message: RpcMessage,
    request: IncomingMessage,
    requestContext: RequestContext,
  ): Promise<Answer> | undefined;
};

export function createFastLane(deps: FastLaneDeps): FastLane {
  const meta = modernMeta(deps.version);
  const stamp = `"resultType":"complete","_meta":${JSON.stringify(meta)}`;

  const list = async (era: Era, requestContext: RequestContext): Promise<Answer> =>
    jsonAnswer([START, deps.toolList(requestContext.principal, era), tailOf(requestContext)]);

  async function call(era: Era, requestContext: RequestContext): Promise<Answer> {
    const { signal } = requestContext;
    const answer = await answerToolCall(requestContext, { signal, progress: null }, deps);
    if (!answer.ok) {
      const failure = failureContent(answer.error, requestContext);
      const stamped = { ...failure, _meta: { ...failure._meta, ...meta }, resultType: 'complete' };
      const result = JSON.stringify(era === '2025' ? failure : stamped);
      return jsonAnswer(START + result + tailOf(requestContext), answer.error.code);
    }
    // Serialised once: the text for older clients is the same JSON, as a string.
    const output = JSON.stringify(answer.output);
    const content =
      answer.content === null
        ? `[{"type":"text","text":${JSON.stringify(output)}}]`
        : JSON.stringify(answer.content);
    const members = `"content":${content},"structuredContent":${output}`;
    const result = era === '2025' ? `{${members}}` : `{${members},${stamp}}`;
    return jsonAnswer(START + result + tailOf(requestContext));
  }

  return {
    answer(message, request, requestContext) {
      const era = detectEra(message, request.headers);
      if (era === undefined) return undefined;
      if (message.method === 'tools/list') return list(era, requestContext);
      const { tool } = requestContext.call ?? {};
      // Progress needs a stream, which only the SDK writes.
      if (asksForProgress(message) && tool?.reportsProgress) return undefined;
      if (tool !== undefined && deps.extension?.tools.has(tool.name)) return undefined;
      return call(era, requestContext);
    },
  };
}

const START = '{"result":';
const tailOf = ({ rpcId }: RequestContext): string => `,"jsonrpc":"2.0","id":${JSON.stringify(rpcId)}}`;

const jsonAnswer = (body: Answer['body'], errorCode: Answer['errorCode'] = null): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
  errorCode,
});
