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

type OperatorRoute = Extract<Route, { kind: 'operator' }>;

/** An operation of `/admin`. The code that opens the bootstrap comes in the body, and is judged with it. */
export async function serveOperator(
  route: OperatorRoute,
  presented: Presented,
  query: URLSearchParams,
  slot: AuditSlot,
  connection: Connection,
  deps: OperatorFaceDeps,
): Promise<Answer> {
  const { access } = route.tool;
  await admitOperator(route, presented, slot, deps);
  const { body } = await takeIn({ rateBucket: access, place: 'operator' }, route, connection, deps);
  return answerOperator({ ...route, query, body }, slot, deps.operator);
}

async function admitOperator(
  { tool, pathArguments }: OperatorRoute,
  presented: Presented,
  slot: AuditSlot,
  { identity, operator }: OperatorFaceDeps,
): Promise<void> {
  if (tool.access === 'admin-token') {
    return requireOperator(presented, pathArguments.organization_id, slot, identity);
  }
  requireLocalPeer(presented);
  await operator.bootstrap.requireOpen();
}
