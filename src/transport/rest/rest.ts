import type { AuditSlot } from '../../audit/audit-slot.ts';
import { AppError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { callOperatorTool, type OperatorCallDeps } from '../../tool/call/call-operator-tool.ts';
import { type CallToolDeps, callTool } from '../../tool/call/call-tool.ts';
import type { RawArguments } from '../../tool/call/parse-arguments.ts';
import { requireNoOrganization } from '../../tool/call/require-no-organization.ts';
import { mayCall, requireMayCall } from '../../tool/call/require-scope.ts';
import type { OperatorTool } from '../../tool/define-operator-tool.ts';
import type { Tool } from '../../tool/define-tool.ts';
import { type Operation, successStatus } from '../../tool/operation.ts';
import type { Registry } from '../../tool/registry.ts';
import type { Answer, RequestContext } from '../http/request-context.ts';
import { queryArguments } from './query-arguments.ts';

/** A REST request whose route is known; `body` is parsed JSON, or undefined for GET and DELETE. */
type RestRequest<Of extends Operation = Tool> = {
  readonly tool: Of;
  readonly pathArguments: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
};

/** A tool over REST: gathers its arguments, then calls it as every protocol does. */
export async function answerRest(
  request: RestRequest,
  requestContext: RequestContext,
  deps: CallToolDeps,
): Promise<Answer> {
  const { tool } = request;
  requestContext.slot.note({ tool: tool.name, successStatus: successStatus(tool) });
  const { principal, slot, signal } = requestContext;
  // A caller without the scope learns nothing about the arguments; `callTool` checks again.
  requireMayCall(principal, tool);
  const call = { name: tool.name, arguments: gatherArguments(request), slot, signal, progress: null };
  return jsonAnswer(tool, await callTool(principal, call, deps));
}

/** An operation of the operator, whose credential was verified. */
export async function answerOperator(
  request: RestRequest<OperatorTool>,
  slot: AuditSlot,
  deps: OperatorCallDeps,
): Promise<Answer> {
  const { tool } = request;
  slot.note({ tool: tool.name, successStatus: successStatus(tool) });
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
export const restTools = (principal: TenantPrincipal, tools: Registry): readonly Tool[] =>
  tools.all.filter((tool) => tool.rest !== null && mayCall(principal, tool));

/** The arguments of a tool, none of which may name the organisation, at any depth. */
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
    // The body holds all arguments; a query beside it could only hide one.
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
