import type { KeyId, OrganizationId, UserId } from '../ids.ts';
import type { Scope } from '../scopes/scopes.ts';

/** `workspace` is deprecated: an organisation's key reaches all that one reaches. */
export type ScopeType = 'global' | 'user' | 'host' | 'workspace';
/** Whose keys are meant: one organisation's, or the operator's own, which are the host keys. */
export type Keyspace = OrganizationId | 'operator';

export const organizationIn = (keyspace: Keyspace): OrganizationId | null =>
  keyspace === 'operator' ? null : keyspace;

export type ScopeSource = 'canonical' | 'canonical+extra' | 'explicit';

/** What narrows a key further than its scopes; absent means not narrowed in that respect. */
export type Restrictions = {
  readonly tools?: readonly string[] | undefined;
  readonly workspace_ids?: readonly string[] | undefined;
  readonly addresses?: readonly string[] | undefined;
};

/** A key as the store keeps it, without its hash. Times are milliseconds since 1970; null means never. */
export type KeyRecord = {
  readonly id: KeyId;
  /** Null for a host key, which is the operator's. */
  readonly organizationId: OrganizationId | null;
  readonly name: string;
  readonly prefix: string;
  readonly scopeType: ScopeType;
  readonly userId: UserId | null;
  readonly scopes: readonly Scope[];
  readonly scopeSource: ScopeSource;
  readonly canonicalVersion: number | null;
  readonly restrictions: Restrictions | null;
  readonly isDefault: boolean;
  readonly owner: string;
  readonly purpose: string | null;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly revokedBy: string | null;
  readonly replacedBy: KeyId | null;
  readonly replaces: KeyId | null;
  readonly graceUntilMs: number | null;
  /** The client that used it last, as it named itself. */
  readonly lastClient: string | null;
  /** Denied after a restored backup, until an operator confirms it. */
  readonly heldAtMs: number | null;
  /** Its owner was deleted: gone from listings, kept for the audit. */
  readonly removedAtMs: number | null;
};

/** A key as far as a request of its holder needs it. */
export type KnownKey = Pick<
  KeyRecord,
  | 'id'
  | 'organizationId'
  | 'name'
  | 'prefix'
  | 'scopeType'
  | 'userId'
  | 'scopes'
  | 'canonicalVersion'
  | 'restrictions'
  | 'owner'
  | 'createdBy'
  | 'expiresAtMs'
  | 'revokedAtMs'
  | 'graceUntilMs'
  | 'heldAtMs'
  | 'removedAtMs'
>;

export const keyStatuses = ['active', 'stale', 'grace', 'expired', 'revoked'] as const;
export type KeyStatus = (typeof keyStatuses)[number];

export const DAY_MS = 86_400_000;

/** Whether the key is accepted at `nowMs`; revocation is a flag, so no clock can undo it. */
export function isLive(key: KnownKey, nowMs: number): boolean {
  return refusalOf(key, nowMs) === undefined;
}

/** `held` and `removed` are shown as `revoked`: whoever holds the key need not know more. */
export type KeyRefusal = 'removed' | 'revoked' | 'held' | 'expired';

/** Why the key is refused at `nowMs`, for the audit; undefined when it is accepted. */
export function refusalOf(key: KnownKey, nowMs: number): KeyRefusal | undefined {
  if (key.removedAtMs !== null) return 'removed';
  if (key.revokedAtMs !== null) return 'revoked';
  if (key.heldAtMs !== null) return 'held';
  return nowMs >= (endOfLifeMs(key) ?? Number.POSITIVE_INFINITY) ? 'expired' : undefined;
}

/** When the key ends by itself, by its expiry or by its grace; null for one that does not. */
export function endOfLifeMs({ expiresAtMs, graceUntilMs }: KnownKey): number | null {
  if (expiresAtMs === null || graceUntilMs === null) return expiresAtMs ?? graceUntilMs;
  return Math.min(expiresAtMs, graceUntilMs);
}

/** In its last days answers and the log say when a key ends, so that nobody learns it from a failure. */
export const WARNING_MS = 14 * DAY_MS;

export const isEndingSoon = (endMs: number | null, nowMs: number): endMs is number =>
  endMs !== null && endMs - nowMs <= WARNING_MS;

export function keyStatus(key: KeyRecord, nowMs: number, staleAfterDays: number): KeyStatus {
  const refusal = refusalOf(key, nowMs);
  if (refusal !== undefined) return refusal === 'expired' ? 'expired' : 'revoked';
  if (key.graceUntilMs !== null) return 'grace';
  const lastSignMs = key.lastUsedAtMs ?? key.createdAtMs;
  return nowMs - lastSignMs >= staleAfterDays * DAY_MS ? 'stale' : 'active';
}

/** Denied after a restored backup, and revoked to everybody but the operator, who may confirm it. */
export const isHeld = ({ removedAtMs, revokedAtMs, heldAtMs }: KeyRecord): boolean =>
  heldAtMs !== null && revokedAtMs === null && removedAtMs === null;
