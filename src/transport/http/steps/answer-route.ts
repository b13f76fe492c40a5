import { requireTenant } from '../../../principal.ts';
import type { OperatorCallDeps } from '../../../tool/call/call-operator-tool.ts';
import type { CallToolDeps } from '../../../tool/call/call-tool.ts';
import type { McpEndpoint } from '../../mcp/mcp.ts';
import { answerOperator, answerRest, restTools } from '../../rest/rest.ts';
import { type Answer, openContext, type RequestContext } from '../request-context.ts';
import type { Arrived } from '../step-runner.ts';
import type { Authenticated } from './authenticate.ts';
import type { Matched } from './match-route.ts';
import type { Audited } from './open-slot.ts';
import type { Received } from './receive-body.ts';

export type Contextual = { readonly requestContext: RequestContext };
export type Answered = { readonly answer: Answer };

/** What is known of a call within an organisation, in every protocol. */
export const openRequestContext = ({
  identified,
  slot,
  end,
}: Arrived & Authenticated & Audited): Contextual => ({
  requestContext: openContext(requireTenant(identified.principal), slot, end.signal),
});

type Call = Arrived & Matched & Authenticated & Audited & Received;
export type AnswerDeps = {
  readonly mcp: McpEndpoint;
  readonly callTool: CallToolDeps;
  readonly operator: OperatorCallDeps;
};

/** The tool, the document or the operation behind the route. */
export const answerRoute =
  (deps: AnswerDeps) =>
  async (call: Call & Contextual): Promise<Answered> => ({ answer: await answerOf(call, deps) });

async function answerOf(call: Call & Contextual, { mcp, callTool, operator }: AnswerDeps): Promise<Answer> {
  const { route, request, body, target, slot, requestContext } = call;
  const { query } = target;
  switch (route.kind) {
    case 'mcp':
      return mcp.answer(body, request, requestContext);
    case 'rest':
      return answerRest({ ...route, query, body }, requestContext, callTool);
    case 'document':
      return route.render(requestContext.principal, (principal) => restTools(principal, callTool.tools));
    case 'operator':
      return answerOperator({ ...route, query, body }, slot, operator);
    case 'sign-in':
    case 'public':
      throw new Error(`a route of kind ${route.kind} was answered before`);
  }
}
