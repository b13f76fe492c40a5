import type { Caller } from '../caller.ts';
import type { ErrorCode } from '../errors.ts';
import { newRequestId, type OrganizationId, type RequestId } from '../ids.ts';
import type { AuditRow, Era } from './audit-event.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { KeptTexts } from './kept-texts.ts';
import type { RefusalLimit } from './refusal-limit.ts';

/** What is known of a request before anything about it is checked. */
export type RequestFacts = {
  readonly method: string;
  readonly target: string;
  readonly clientAddress: string | null;
  readonly clientName: string | null;
  readonly onBehalfOf: string | null;
  /** The caller's trace (https://www.w3.org/TR/trace-context/), which the platform is told as well. */
  readonly traceparent: string | null;
};

/** Who speaks, as the row shows it. */
export type Speaker = Pick<AuditRow, 'tier' | 'organizationId' | 'keyId' | 'keyPrefix' | 'createdBy'>;

/** What becomes known on the way; each later word replaces the earlier. */
type Learned = {
  caller?: Caller;
  /** Whose credential it is, where there is no caller; the tier is `none` for one that was refused. */
  known?: Speaker;
  /** Why the operator broke the glass; kept beside what changed. */
  reason?: string;
  /** The JSON-RPC method; shown behind the path. */
  rpcMethod?: string;
  /** The organisation that the request named against its credential; shown behind the target. */
  attempted?: string;
  tool?: string;
  era?: Era;
  clientName?: string;
  /** The HTTP status if all goes well, for mutations, whose row is written before the answer exists. */
  successStatus?: number;
};

export type Outcome = {
  readonly status: number;
  readonly errorCode?: ErrorCode | string | null;
  readonly change?: Readonly<Record<string, unknown>> | undefined;
};

/** One request's one closing row: opened first, closed once, committed before the answer leaves. */
export type AuditSlot = {
  readonly requestId: RequestId;
  readonly traceparent: string | null;
  learn(facts: Learned): void;
  /**
   * The closing row, for a mutation that writes it in its own transaction and then calls `settled`. `concerned`
   * is the organisation whose audit shows an act of the operator.
   */
  successRow(change: Readonly<Record<string, unknown>>, concerned?: OrganizationId): AuditRow;
  settled(): void;
  /** Commits, before a write leaves the store, that it is about to. */
  intent(change: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves once the row is committed. Only the first close counts; later ones await it. */
  close(outcome: Outcome): Promise<void>;
};

export type SlotDeps = {
  readonly trail: AuditTrail;
  readonly refusals: RefusalLimit;
  readonly now: () => number;
  /** Told of every request that ended, written or not: for metrics and the log. */
  readonly observe: (row: AuditRow) => void;
  readonly texts: KeptTexts;
};

export function openAuditSlot(facts: RequestFacts, deps: SlotDeps): AuditSlot {
  const openedAt = deps.now();
  const requestId = newRequestId();
  const learned: Learned = {};
  const { kept, keptPath } = deps.texts;
  const keptOrNull = (text: string | null): string | null => (text === null ? null : kept(text));
  let closing: Promise<void> | undefined;
  let mutationRow: AuditRow | undefined;

  const row = (kind: AuditRow['kind'], outcome: Outcome): AuditRow => ({
    kind,
    at: openedAt,
    requestId,
    ...identityFields(learned),
    onBehalfOf: keptOrNull(facts.onBehalfOf),
    method: facts.method,
    target: targetOf(keptPath(facts.target), learned, kept),
    tool: learned.tool ?? null,
    status: outcome.status,
    errorCode: outcome.errorCode ?? null,
    durationMs: Math.max(0, Math.round(deps.now() - openedAt)),
    clientAddress: facts.clientAddress,
    clientName: keptOrNull(learned.clientName ?? facts.clientName),
    era: learned.era ?? null,
    change: changeOf(outcome, learned, kept),
  });

  const append = (outcome: Outcome): Promise<void> => {
    // A flood of bad credentials must not fill the disk: beyond the limit it is counted, not written.
    const isRefused = learned.caller === undefined && (learned.known?.tier ?? 'none') === 'none';
    const isRefusedCredential = isRefused && !outcome.errorCode?.startsWith('STORE_');
    const closingRow = row('call', outcome);
    deps.observe(closingRow);
    if (isRefusedCredential && !deps.refusals.admit(facts.clientAddress)) return Promise.resolve();
    return deps.trail.append(closingRow);
  };

  return {
    requestId,
    traceparent: facts.traceparent,
    learn: (more) => void Object.assign(learned, more),
    successRow(change, concerned) {
      const own = row('call', { status: learned.successStatus ?? 200, change });
      mutationRow = concerned === undefined ? own : { ...own, organizationId: concerned };
      return mutationRow;
    },
    settled() {
      // Nothing was written yet, so the slot is still to be closed.
      if (mutationRow === undefined) return;
      deps.observe(mutationRow);
      closing = Promise.resolve();
    },
    intent: (change) => deps.trail.append(row('intent', { status: 0, change })),
    close(outcome) {
      closing ??= append(outcome);
      return closing;
    },
  };
}

const nobody: Speaker = {
  tier: 'none',
  organizationId: null,
  keyId: null,
  keyPrefix: null,
  createdBy: null,
};

function identityFields({ caller, known = nobody }: Learned): Speaker & Pick<AuditRow, 'userId'> {
  if (caller === undefined) return { ...known, userId: null };
  return {
    tier: caller.tier,
    organizationId: caller.organization.id,
    keyId: caller.key?.id ?? null,
    keyPrefix: caller.key?.prefix ?? null,
    createdBy: caller.key?.createdBy ?? null,
    userId: caller.userId,
  };
}

function changeOf({ change }: Outcome, { reason }: Learned, kept: KeptTexts['kept']): string | null {
  if (reason !== undefined) return JSON.stringify({ ...change, break_glass_reason: kept(reason) });
  return change === undefined ? null : JSON.stringify(change);
}

function targetOf(path: string, { rpcMethod, attempted }: Learned, kept: KeptTexts['kept']): string {
  const words = [path, rpcMethod ?? '', attempted === undefined ? '' : `organization=${attempted}`];
  return words
    .filter((word) => word !== '')
    .map(kept)
    .join(' ');
}
