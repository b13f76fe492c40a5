import type { Tier } from '../caller.ts';
import { newRequestId, type OrganizationId } from '../ids.ts';
import type { AuditKind, AuditRow } from './audit-event.ts';

type OperatorAct = {
  readonly kind?: AuditKind;
  readonly tier: Extract<Tier, 'cli' | 'system'>;
  /** What was done, in the words of the command. */
  readonly target: string;
  readonly organizationId: OrganizationId | null;
  readonly nowMs: number;
  readonly change?: Readonly<Record<string, unknown>>;
};

/** The row of an act that no request asked for: the operator's at the command line, or the program's own. */
export function operatorRow({
  kind = 'call',
  tier,
  target,
  organizationId,
  nowMs,
  change,
}: OperatorAct): AuditRow {
  return {
    kind,
    at: nowMs,
    requestId: newRequestId(),
    organizationId,
    tier,
    keyId: null,
    keyPrefix: null,
    userId: null,
    createdBy: null,
    onBehalfOf: null,
    method: tier,
    target,
    tool: null,
    status: 200,
    errorCode: null,
    durationMs: 0,
    clientAddress: null,
    clientName: null,
    era: null,
    change: change === undefined ? null : JSON.stringify(change),
  };
}
