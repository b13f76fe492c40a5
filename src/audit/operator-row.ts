import type { Tier } from '../attribution.ts';
import { type KeyId, newRequestId, type OrganizationId } from '../ids.ts';
import type { AuditKind, AuditRow } from './audit-event.ts';
import { keptChange } from './cut.ts';
import type { Mutate } from './mutate.ts';

type OperatorAct = {
  readonly kind?: AuditKind;
  readonly tier: Extract<Tier, 'cli' | 'system'>;
  /** What was done, in the words of the command. */
  readonly target: string;
  readonly organizationId: OrganizationId | null;
  /** The key that it is about, where it is about one. */
  readonly keyId?: KeyId | null;
  readonly keyPrefix?: string | null;
  readonly nowMs: number;
  readonly change?: Readonly<Record<string, unknown>>;
};

/** How the operator changes things without a request: each change with a row of its own. */
export const mutateAsOperator =
  (act: Omit<OperatorAct, 'nowMs' | 'change'>, now: () => number): Mutate =>
  (write) =>
    write((change, organizationId) =>
      operatorRow({ ...act, ...(organizationId && { organizationId }), nowMs: now(), change }),
    );

/** The row of an act that no request asked for: the operator's at the command line, or the program's own. */
export function operatorRow({
  kind = 'call',
  tier,
  target,
  organizationId,
  keyId = null,
  keyPrefix = null,
  nowMs,
  change,
}: OperatorAct): AuditRow {
  return {
    kind,
    at: nowMs,
    requestId: newRequestId(),
    organizationId,
    tier,
    keyId,
    keyPrefix,
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
    change: change === undefined ? null : keptChange(change),
  };
}
