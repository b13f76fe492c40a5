import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import { callOperatorTool, type OperatorCallDeps } from '../tool/call-operator-tool.ts';
import { type CallToolDeps, callTool } from '../tool/call-tool.ts';
import type { OperatorTool } from '../tool/define-operator-tool.ts';
import type { Tool } from '../tool/define-tool.ts';
import { mayCall, requireMayCall, requireNoOrganization } from '../tool/gate.ts';
import { type Operation, successStatus } from '../tool/operation.ts';
import type { RawArguments } from '../tool/parse-arguments.ts';
import type { Registry } from '../tool/registry.ts';
import type { Answer, Exchange } from './exchange.ts';
import { isRecord } from './mcp-gate.ts';
import { queryArguments } from './query-arguments.ts';

/** A REST request whose route is known; `body` is parsed JSON, or undefined for GET and DELETE. */
export type RestRequest<Of extends Operation = Tool> = {
  readonly tool: Of;
  readonly pathArguments: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
};

/** The REST twin of a tool: its arguments gathered, then the same road as every face. */
export async function answerRest(
  request: RestRequest,
  exchange: Exchange,
  deps: CallToolDeps,
): Promise<Answer> {
  const { tool } = request;
  exchange.slot.learn({ tool: tool.name, successStatus: successStatus(tool) });
  const { caller, slot, signal } = exchange;
  // What the arguments are is nobody's business who may not call; `callTool` asks again.
  requireMayCall(caller, tool);
  const call = { name: tool.name, arguments: gatherArguments(request), slot, signal, progress: null };
  return jsonAnswer(tool, await callTool(caller, call, deps));
}

/** An operation of the operator, whose credential is settled. */
export async function answerOperator(
  request: RestRequest<OperatorTool>,
  slot: AuditSlot,
  deps: OperatorCallDeps,
): Promise<Answer> {
  const { tool } = request;
  slot.learn({ tool: tool.name, successStatus: successStatus(tool) });
  return jsonAnswer(tool, await callOperatorTool(tool, mergeArguments(request), slot, deps));
}

function jsonAnswer(tool: Operation, output: Readonly<Record<string, unknown>>): Answer {
  const reply = tool.restReply?.(output) ?? { status: successStatus(tool, output), body: output };
  if (reply.body === undefined) return { status: reply.status, headers: {}, body: null, errorCode: null };
  return {
    status: reply.status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reply.body),
    errorCode: null,
  };
}

/** The tools with a route that the caller may call. */
export const restTools = (caller: Caller, tools: Registry): readonly Tool[] =>
  tools.all.filter((tool) => tool.rest !== null && mayCall(caller, tool));

/** The arguments of a tool, none of which may name the organisation, wherever it stands. */
function gatherArguments(request: RestRequest): RawArguments {
  const { query, body } = request;
  requireNoOrganization({ ...Object.fromEntries(query), ...(isRecord(body) ? body : {}) });
  return mergeArguments(request);
}

/** Path ∪ query, or path ∪ body. A name that is given twice, or in two places, is refused. */
function mergeArguments({ tool, pathArguments, query, body }: RestRequest<Operation>): RawArguments {
  const gathered = new Map<string, unknown>(Object.entries(pathArguments));
  const add = (name: string, value: unknown) => {
    if (gathered.has(name))
      throw new AppError('VALIDATION_ERROR', { message: 'An argument was given twice.' });
    gathered.set(name, value);
  };
  for (const [name, value] of queryArguments(query, tool.inputJsonSchema)) {
    // A body of arguments says it all; a query beside it could only hide something.
    if (tool.restBody === 'arguments' && sendsBody(tool))
      throw new AppError('VALIDATION_ERROR', { message: 'Send the arguments in the body.' });
    add(name, value);
  }
  if (body !== undefined && tool.restBody === 'whole') add('body', body);
  if (body !== undefined && tool.restBody === 'none') {
    throw new AppError('VALIDATION_ERROR', { message: 'The request takes no body.' });
  }
  if (body !== undefined && tool.restBody === 'arguments') {
    if (!isRecord(body))
      throw new AppError('VALIDATION_ERROR', { message: 'The body must be a JSON object.' });
    for (const [name, value] of Object.entries(body)) add(name, value);
  }
  return Object.fromEntries(gathered);
}

const sendsBody = ({ rest }: Operation): boolean => /^P(?:OST|UT|ATCH) /.test(rest ?? '');
