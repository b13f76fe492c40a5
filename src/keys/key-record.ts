import type { KeyId, OrganizationId, UserId } from '../ids.ts';
import type { Scope } from '../scopes/scopes.ts';

/** `workspace` is deprecated: a key of the organisation reaches everything that one reaches. */
export type ScopeType = 'global' | 'user' | 'host' | 'workspace';
/** The keys of one organisation, or the operator's host keys. */
export type Keyspace = OrganizationId | 'operator';

export const organizationIn = (keyspace: Keyspace): OrganizationId | null =>
  keyspace === 'operator' ? null : keyspace;

export type ScopeSource = 'canonical' | 'canonical+extra' | 'explicit';

/** Limits of a key beyond its scopes. An absent field limits nothing; an empty list allows nothing. */
export type Restrictions = {
  readonly tools?: readonly string[] | undefined;
  readonly workspace_ids?: readonly string[] | undefined;
  readonly addresses?: readonly string[] | undefined;
};

/** A key in the store, without its hash. Times are milliseconds since 1970; null means never. */
export type KeyRecord = {
  readonly id: KeyId;
  /** Null for a host key, which belongs to the operator. */
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
  /** The client that used the key last, as it named itself. */
  readonly lastClient: string | null;
  /** When a restore put the key on hold. It is refused until the operator confirms it. */
  readonly heldAtMs: number | null;
  /** When the key's user was deleted. The key is hidden from listings and kept for the audit. */
  readonly removedAtMs: number | null;
};

/** The part of a key that a request needs. */
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

/** Whether the key is accepted at `nowMs`. A revocation is a flag, so no clock can undo it. */
export function isLive(key: KnownKey, nowMs: number): boolean {
  return refusalOf(key, nowMs) === undefined;
}

/** `held` and `removed` are shown as `revoked`: the key's holder need not know more. */
type KeyRefusal = 'removed' | 'revoked' | 'held' | 'expired';

/** Why the key is refused at `nowMs`, for the audit; undefined when it is accepted. */
export function refusalOf(key: KnownKey, nowMs: number): KeyRefusal | undefined {
  if (key.removedAtMs !== null) return 'removed';
  if (key.revokedAtMs !== null) return 'revoked';
  if (key.heldAtMs !== null) return 'held';
  return nowMs >= (endOfLifeMs(key) ?? Number.POSITIVE_INFINITY) ? 'expired' : undefined;
}

/** When the key expires or its grace ends, in milliseconds since 1970; null for no end. */
export const endOfLifeMs = ({ expiresAtMs, graceUntilMs }: KnownKey): number | null =>
  earlierEnd(expiresAtMs, graceUntilMs);

/** The earlier of two ends; null means no end. */
export const earlierEnd = (oneMs: number | null, otherMs: number | null): number | null =>
  oneMs === null || otherMs === null ? (oneMs ?? otherMs) : Math.min(oneMs, otherMs);

/** How long before a key's end answers and the log announce it. */
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

/** On hold after a restore, and not revoked or removed: the operator may confirm it. */
export const isHeld = ({ removedAtMs, revokedAtMs, heldAtMs }: KeyRecord): boolean =>
  heldAtMs !== null && revokedAtMs === null && removedAtMs === null;
