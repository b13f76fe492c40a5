import type { KeyId, OrganizationId } from '../ids.ts';
import type { AuditEvent, AuditRow, ChainHead, ChainPoint } from './audit-event.ts';

/** Narrows a listing; times are milliseconds since 1970, `sinceMs` inclusive, `untilMs` exclusive. */
export type AuditFilter = {
  readonly keyPrefix?: string | undefined;
  readonly tool?: string | undefined;
  readonly code?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
};

/** Newest first; `before` is the position of the last row of the previous page. */
export type AuditPage = { readonly limit: number; readonly before?: string | undefined };

/** A row of a listing. Its position in it is a text of the store's own, and nobody else reads it. */
export type ListedEvent = AuditEvent & { readonly position: string };

/** What was called with success, once for each key and tool. */
export type ToolUses = {
  readonly uses: readonly { readonly keyId: KeyId; readonly tool: string }[];
  /** From when on the trail is whole, in milliseconds since 1970; 0 where nothing was ever pruned. */
  readonly completeSinceMs: number;
};

/** The append-only trail, a hash chain per store. Every method is one atomic operation. */
export type AuditTrail = {
  /** Resolves once the row is committed; rows that arrive together share one commit. */
  append(row: AuditRow): Promise<void>;
  list(organizationId: OrganizationId, filter: AuditFilter, page: AuditPage): Promise<readonly ListedEvent[]>;
  /** Which tools the keys of a keyspace called since `sinceMs`; refused and failed calls are none. */
  listToolUses(keyspace: OrganizationId | 'operator', sinceMs: number): Promise<ToolUses>;
  /** The operator's view: every organisation's rows, and those without one. */
  listForOperator(filter: AuditFilter, page: AuditPage): Promise<readonly ListedEvent[]>;
  /** A chain in its own order, from the row after `after`. */
  readChain(after: ChainPoint, limit: number): Promise<readonly AuditEvent[]>;
  head(): Promise<ChainHead>;
  /** Removes every row up to `through` and appends the checkpoint, made of the chain's end before it, together. */
  prune(through: ChainPoint, checkpoint: (head: ChainHead) => AuditRow): Promise<void>;
};
