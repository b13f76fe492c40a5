import type { BoundDownstream } from '../../downstream/bound-downstream.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { BoundAudit } from './bound-audit.ts';
import type { BoundKeys } from './bound-keys.ts';
import type { BoundMembers } from './bound-members.ts';

/** Reports how far a call is; `done` and `total` are in the tool's own unit. */
export type Progress = (done: number, total: number, message: string) => Promise<void>;

/** All that a handler can reach, each thing already bound to the caller's organisation. */
export type ToolContext = {
  /** Who calls: frozen. */
  readonly me: TenantPrincipal;
  readonly downstream: BoundDownstream;
  readonly keys: BoundKeys;
  readonly members: BoundMembers;
  readonly audit: BoundAudit;
  /** Aborts when the caller goes away, the key dies or the time is up. */
  readonly signal: AbortSignal;
  /** Null where the caller did not ask for progress, and in every tool that does not say `reportsProgress`. */
  readonly progress: Progress | null;
};

/** What the handler of a tool reaches that does not say `reportsProgress`. */
export type QuietContext = ToolContext & { readonly progress: null };
