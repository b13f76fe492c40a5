import type { IncomingMessage } from 'node:http';
import type { Era } from '../audit/audit-event.ts';
import type { Registry } from '../tool/registry.ts';
import type { EngineExtension } from './engine-extension.ts';
import type { Answer, Exchange } from './exchange.ts';
import { asksForProgress, type RpcMessage } from './mcp-gate.ts';
import { modernMeta } from './mcp-server.ts';
import { provenEra } from './proven-era.ts';
import { answerToolCall, failureContent, type ToolAnswerDeps } from './tool-answer.ts';
import type { ToolList } from './tool-list.ts';

export type FastLaneDeps = ToolAnswerDeps & {
  readonly version: string;
  readonly tools: Registry;
  readonly toolList: ToolList;
  readonly extension: EngineExtension | null;
};

/**
 * Another way of speaking, not another road: calls and lists whose form is beyond doubt are written down at once,
 * without the protocol engine. Gate, `callTool` and audit are the same, and so are the bytes of the answer, but
 * that the 2025 era gets JSON in place of a stream of one event. Undefined for whatever the engine must judge.
 */
export type FastLane = {
  answer(message: RpcMessage, request: IncomingMessage, exchange: Exchange): Promise<Answer> | undefined;
};

export function createFastLane(deps: FastLaneDeps): FastLane {
  const meta = modernMeta(deps.version);
  const stamp = `"resultType":"complete","_meta":${JSON.stringify(meta)}`;

  const list = async (era: Era, exchange: Exchange): Promise<Answer> =>
    jsonAnswer([START, deps.toolList(exchange.caller, era), tailOf(exchange)]);

  async function call(era: Era, exchange: Exchange): Promise<Answer> {
    const { signal } = exchange;
    const answer = await answerToolCall(exchange, { signal, progress: null }, deps);
    if (!answer.ok) {
      const failure = failureContent(answer.error, exchange);
      const stamped = { ...failure, _meta: { ...failure._meta, ...meta }, resultType: 'complete' };
      const result = JSON.stringify(era === '2025' ? failure : stamped);
      return jsonAnswer(START + result + tailOf(exchange), answer.error.code);
    }
    // Serialised once: the text for older clients is the same JSON, as a string.
    const output = JSON.stringify(answer.output);
    const content =
      answer.content === null
        ? `[{"type":"text","text":${JSON.stringify(output)}}]`
        : JSON.stringify(answer.content);
    const members = `"content":${content},"structuredContent":${output}`;
    const result = era === '2025' ? `{${members}}` : `{${members},${stamp}}`;
    return jsonAnswer(START + result + tailOf(exchange));
  }

  return {
    answer(message, request, exchange) {
      const era = provenEra(message, request.headers);
      if (era === undefined) return undefined;
      if (message.method === 'tools/list') return list(era, exchange);
      const { tool } = exchange.call ?? {};
      // Whoever is told of progress is told in a stream, which is the engine's.
      if (asksForProgress(message) && tool?.reportsProgress) return undefined;
      if (tool !== undefined && deps.extension?.tools.has(tool.name)) return undefined;
      return call(era, exchange);
    },
  };
}

const START = '{"result":';
const tailOf = ({ rpcId }: Exchange): string => `,"jsonrpc":"2.0","id":${JSON.stringify(rpcId)}}`;

const jsonAnswer = (body: Answer['body'], errorCode: Answer['errorCode'] = null): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
  errorCode,
});
