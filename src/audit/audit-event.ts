import type { Tier } from '../attribution.ts';
import type { KeyId, OrganizationId, RequestId, UserId } from '../ids.ts';

export type Era = '2026' | '2025';

/**
 * `call` closes a request; `intent` precedes a write that leaves the store; `failure` follows the call that made its
 * change and failed all the same; the others keep the trail itself.
 */
export type AuditKind = 'call' | 'intent' | 'failure' | 'summary' | 'checkpoint';

/** One row as it is written. Times are milliseconds since 1970, durations milliseconds. */
export type AuditRow = {
  readonly kind: AuditKind;
  readonly at: number;
  readonly requestId: RequestId;
  readonly organizationId: OrganizationId | null;
  readonly tier: Tier;
  readonly keyId: KeyId | null;
  readonly keyPrefix: string | null;
  readonly userId: UserId | null;
  readonly createdBy: string | null;
  readonly onBehalfOf: string | null;
  /** The HTTP method, `stdio`, `cli` or `system`. */
  readonly method: string;
  /** The path and, on MCP, the JSON-RPC method behind it. */
  readonly target: string;
  readonly tool: string | null;
  readonly status: number;
  readonly errorCode: string | null;
  readonly durationMs: number;
  readonly clientAddress: string | null;
  readonly clientName: string | null;
  readonly era: Era | null;
  /** What a mutation changed, or why a credential was refused; JSON, never a secret. */
  readonly change: string | null;
};

/** A row in the chain: its place, counted from 1, and the hash over it and the row before, in hex. */
export type AuditEvent = AuditRow & { readonly seq: number; readonly hash: string };

/** A row of a chain, by its place and its hash. */
export type ChainLink = { readonly seq: number; readonly hash: string };

/** A place in the chain of this name, counted from 1; 0 is before the first row. */
export type ChainPoint = { readonly chain: string; readonly seq: number };

/** The end of a chain; kept elsewhere, it proves that nothing was cut off. */
export type ChainHead = ChainPoint & ChainLink;

/** The chain that every store has, and today the only one. */
const MAIN_CHAIN = 'main';

export const chainPoint = (seq: number): ChainPoint => ({ chain: MAIN_CHAIN, seq });

export const emptyChain: ChainHead = { ...chainPoint(0), hash: '0'.repeat(64) };

const tokens: Partial<Record<Tier, string>> = {
  'host-key': 'host-token',
  'workspace-token': 'workspace-token',
};

/** `org-token:tnt_a1B2c3D4 POST /mcp tools/call search_agents 200 3ms` */
export function auditLine(row: AuditRow): string {
  const actor = row.keyPrefix === null ? row.tier : `${tokens[row.tier] ?? 'org-token'}:${row.keyPrefix}`;
  // On REST the path names the tool already.
  const isMcp = row.era !== null;
  const method = row.method === row.tier ? null : row.method;
  const words = [actor, method, row.target, isMcp ? row.tool : null, row.status, row.errorCode];
  return `${words.filter((word) => word !== null).join(' ')} ${row.durationMs}ms`;
}
