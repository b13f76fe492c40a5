import type { AuditSlot } from '../audit/audit-slot.ts';
import { type IdentityDeps, type Presented, requireOperator } from '../identity/identify.ts';
import { requireLocalPeer } from '../identity/local-peer.ts';
import type { OperatorCallDeps } from '../tool/call-operator-tool.ts';
import type { Connection } from './connection.ts';
import type { Answer } from './exchange.ts';
import { answerOperator } from './rest.ts';
import type { Route } from './router.ts';
import { type TakeInDeps, takeIn } from './take-in.ts';

export type OperatorFaceDeps = TakeInDeps & {
  readonly identity: IdentityDeps;
  readonly operator: OperatorCallDeps;
};

/** An operation of `/admin`. The code that opens the bootstrap comes in the body, and is judged with it. */
export async function serveOperator(
  route: Extract<Route, { kind: 'operator' }>,
  presented: Presented,
  query: URLSearchParams,
  slot: AuditSlot,
  connection: Connection,
  deps: OperatorFaceDeps,
): Promise<Answer> {
  const { access } = route.tool;
  if (access === 'admin-token') await requireOperator(presented, slot, deps.identity);
  else {
    requireLocalPeer(presented);
    await deps.operator.bootstrap.requireOpen();
  }
  const body = await takeIn({ rateBucket: access, place: 'operator' }, route, connection, deps);
  return answerOperator({ ...route, query, body }, slot, deps.operator);
}
