import type { AuditSlot } from '../../audit/audit-slot.ts';
import type { AppError } from '../../errors.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { WantedCall } from '../../tool/call/resource-calls.ts';

/** A JSON-RPC id, as far as the body has shown one. */
export type RpcId = string | number | null;

/** One request on its way through the server, over HTTP or stdio: who asks, its audit slot, its end. */
export type RequestContext = {
  readonly principal: TenantPrincipal;
  readonly slot: AuditSlot;
  /** Aborts when the client goes away, the key dies or the server stops. */
  readonly signal: AbortSignal;
  /** The gate's own refusal, which the SDK cannot express: it is answered with its status. */
  failure: AppError | null;
  rpcId: RpcId;
  /** Whether the SDK answers with statuses of HTTP, as it does in the 2026 era and not before. */
  sendsHttpStatus: boolean;
  /** The status in the audit row, once it is closed; the SDK forgets its own while it waits for the row. */
  auditedStatus: number | null;
  /** Why a tool's call failed, for the audit alone. */
  detail?: AppError['detail'];
  /** The call that the message asks for, as it was judged; the SDK's copy of it drops the name `__proto__`. */
  call?: WantedCall;
};

export const openContext = (
  principal: TenantPrincipal,
  slot: AuditSlot,
  signal: AbortSignal,
): RequestContext => ({
  principal,
  slot,
  signal,
  failure: null,
  rpcId: null,
  sendsHttpStatus: false,
  auditedStatus: null,
});

/** What leaves. A stream has closed its audit slot itself before its last message. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces are written one after the other: what was rendered before is not copied. */
  readonly body: string | readonly (string | Buffer)[] | ReadableStream<Uint8Array> | null;
  /** The code that the audit row shows, where the answer is a refusal. */
  readonly errorCode: string | null;
};
