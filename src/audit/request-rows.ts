import { type Attribution, nobody } from '../attribution.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { newRequestId, type RequestId } from '../ids.ts';
import type { AuditRow, Era } from './audit-event.ts';
import type { AuditSanitizer } from './audit-sanitizer.ts';
import { keptChange } from './cut.ts';

/** What is known of a request before anything about it is checked. */
export type RequestFacts = {
  readonly method: string;
  readonly target: string;
  readonly clientAddress: string | null;
  readonly clientName: string | null;
  readonly onBehalfOf: string | null;
  /** The caller's trace (https://www.w3.org/TR/trace-context/), which the platform gets as well. */
  readonly traceparent: string | null;
};

/** What becomes known on the way; each later word replaces the earlier. */
export type Noted = {
  attribution?: Attribution;
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

/** The rows of one request, each as much as is known when it is made. */
export type RequestRows = {
  readonly requestId: RequestId;
  /** The tool that is called, once that is known. */
  tool(): string | null;
  note(facts: Noted): void;
  row(kind: AuditRow['kind'], outcome: Outcome): AuditRow;
  /** Of a mutation, whose row is made before the answer exists. */
  successRow(change: Readonly<Record<string, unknown>>): AuditRow;
};

export function openRequestRows(
  facts: RequestFacts,
  { now, elapsed }: Pick<Clock, 'now' | 'elapsed'>,
  texts: AuditSanitizer,
): RequestRows {
  const openedAt = now();
  const startedAt = elapsed();
  const requestId = newRequestId();
  const noted: Noted = {};
  const { kept, sanitizePath } = texts;
  const sanitizeOrNull = (text: string | null): string | null => (text === null ? null : kept(text));
  const row = (kind: AuditRow['kind'], outcome: Outcome): AuditRow => ({
    kind,
    at: openedAt,
    requestId,
    ...attributed(noted.attribution),
    onBehalfOf: sanitizeOrNull(facts.onBehalfOf),
    method: facts.method,
    target: targetOf(sanitizePath(facts.target), noted, kept),
    tool: noted.tool ?? null,
    status: outcome.status,
    errorCode: outcome.errorCode ?? null,
    durationMs: Math.max(0, Math.round(elapsed() - startedAt)),
    clientAddress: facts.clientAddress,
    clientName: sanitizeOrNull(noted.clientName ?? facts.clientName),
    era: noted.era ?? null,
    change: changeOf(outcome, noted, kept),
  });
  return {
    requestId,
    tool: () => noted.tool ?? null,
    note: (more) => void Object.assign(noted, more),
    row,
    successRow: (change) => row('call', { status: noted.successStatus ?? 200, change }),
  };
}

/** Its columns; `change` holds the change and the reason. */
const attributed = ({ tier, organizationId, keyId, keyPrefix, createdBy, userId }: Attribution = nobody) => ({
  tier,
  organizationId,
  keyId,
  keyPrefix,
  createdBy,
  userId,
});

function changeOf({ change }: Outcome, { attribution }: Noted, kept: AuditSanitizer['kept']): string | null {
  const reason = attribution?.breakGlassReason;
  if (reason !== undefined) return keptChange({ ...change, break_glass_reason: kept(reason) });
  return change === undefined ? null : keptChange(change);
}

function targetOf(path: string, { rpcMethod, attempted }: Noted, kept: AuditSanitizer['kept']): string {
  let target = kept(path);
  if (rpcMethod !== undefined) target = target === '' ? kept(rpcMethod) : `${target} ${kept(rpcMethod)}`;
  return attempted === undefined ? target : `${target} ${kept(`organization=${attempted}`)}`;
}
