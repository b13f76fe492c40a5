import type { IncomingMessage } from 'node:http';
import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { Era } from '../audit/audit-event.ts';
import type { Caller } from '../caller.ts';
import type { Registry } from '../tool/registry.ts';
import type { Answer, Exchange } from './exchange.ts';
import { asksForProgress, type RpcMessage } from './mcp-gate.ts';
import { listTtlMs, serverInfo } from './mcp-server.ts';
import { provenEra } from './proven-era.ts';
import { answerToolCall, failureContent, type ToolAnswerDeps } from './tool-answer.ts';

export type FastLaneDeps = ToolAnswerDeps & {
  readonly version: string;
  readonly tools: Registry;
  /** What the caller may call, as the JSON of the array in `tools/list`. */
  readonly toolList: (caller: Caller) => string;
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
  const serverMeta = { [SERVER_INFO_META_KEY]: serverInfo(deps.version) };
  const stamp = `"_meta":${JSON.stringify(serverMeta)}`;

  async function list(era: Era, exchange: Exchange): Promise<Answer> {
    const { caller } = exchange;
    const tools = `"tools":${deps.toolList(caller)}`;
    if (era === '2025') return resultAnswer(`{${tools}}`, exchange);
    const cache = `"ttlMs":${listTtlMs(caller)},"cacheScope":"private"`;
    return resultAnswer(`{${tools},"resultType":"complete",${cache},${stamp}}`, exchange);
  }

  async function call(name: string, era: Era, exchange: Exchange): Promise<Answer> {
    const { signal } = exchange;
    const answer = await answerToolCall(exchange, { name, signal, progress: null }, deps);
    if (!answer.ok) {
      const failure = failureContent(answer.error, exchange);
      const stamped = { ...failure, _meta: { ...failure._meta, ...serverMeta }, resultType: 'complete' };
      return resultAnswer(JSON.stringify(era === '2025' ? failure : stamped), exchange, answer.error.code);
    }
    // Serialised once: the text for older clients is the same JSON, as a string.
    const output = JSON.stringify(answer.output);
    const members = `"content":[{"type":"text","text":${JSON.stringify(output)}}],"structuredContent":${output}`;
    if (era === '2025') return resultAnswer(`{${members}}`, exchange);
    return resultAnswer(`{${members},"resultType":"complete",${stamp}}`, exchange);
  }

  return {
    answer(message, request, exchange) {
      const era = provenEra(message, request.headers);
      if (era === undefined) return undefined;
      if (message.method === 'tools/list') return list(era, exchange);
      const name = String(message.params?.name);
      // Whoever is told of progress is told in a stream, which is the engine's.
      if (asksForProgress(message) && deps.tools.find(name).reportsProgress) return undefined;
      return call(name, era, exchange);
    },
  };
}

const resultAnswer = (
  result: string,
  { rpcId }: Exchange,
  errorCode: Answer['errorCode'] = null,
): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(rpcId)}}`,
  errorCode,
});
