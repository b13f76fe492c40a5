import type { AuditRow } from '../audit/audit-event.ts';
import type { KeyId, OrganizationId, UserId } from '../ids.ts';
import type { Organization } from '../organization.ts';
import type { CanonicalSet } from '../scopes/scopes.ts';
import type { KeyRecord, KeyStatus, Keyspace, KnownKey, ScopeType } from './key-record.ts';
import type { RotateFacts, Rotation } from './rotate.ts';

/** A key and the organisation that it belongs to; null for a host key, which belongs to none. */
export type FoundKey = { readonly key: KnownKey; readonly organization: Organization | null };

export type KeyFilter = {
  readonly status?: KeyStatus | undefined;
  readonly scopeType?: ScopeType | undefined;
  readonly userId?: string | undefined;
  /** Only keys that end by themselves, and before this instant. */
  readonly endsBeforeMs?: number | undefined;
  /** The instant and the age, in milliseconds, against which a status is judged. */
  readonly nowMs: number;
  readonly staleAfterMs: number;
};

/** Newest first; `beforeId` is where the previous page ended. */
export type KeyPage = { readonly limit: number; readonly beforeId?: string | undefined };

/** A key that asks, as it is now; `ownerRole` is that of an active owner, null for nobody. */
export type ActingKey = KeyRecord & { readonly ownerRole: 'admin' | 'member' | null };

/** Rows read inside the minting transaction, so that nothing can change before the key is in. */
export type MintFacts = {
  /** The key that asks, as it is now; null when the operator asks. */
  readonly actor: ActingKey | null;
  readonly keys: { readonly live: number };
  readonly defaultKey: KeyRecord | null;
  /** The person for whom it is; null where nobody was named or they are no active member. */
  readonly activeUser: UserId | null;
  readonly canon: CanonicalSet;
};

/**
 * A key to insert; `demotes` loses its place as the organisation's default key to it. `grants` are the
 * organisations that a host key may act for.
 */
export type NewKey = {
  readonly key: KeyRecord;
  readonly hash: Buffer;
  readonly demotes: KeyId | null;
  readonly grants: readonly OrganizationId[];
};

/** What may be changed on a key; what is absent stays. */
export type KeyChange = Partial<
  Pick<
    KeyRecord,
    | 'revokedAtMs'
    | 'revokedBy'
    | 'heldAtMs'
    | 'isDefault'
    | 'replacedBy'
    | 'graceUntilMs'
    | 'name'
    | 'owner'
    | 'purpose'
    | 'expiresAtMs'
    | 'restrictions'
  >
>;

/** Organisations that a host key may act for from now on, and those that it may no longer act for. */
export type GrantChange = {
  readonly add: readonly OrganizationId[];
  readonly withdraw: readonly OrganizationId[];
};

/** When a key was used last (milliseconds since 1970), and by which client. */
export type KeyUse = { readonly atMs: number; readonly client: string | null };

/**
 * Keys at rest. A method is one atomic operation bound to the keyspace given; `decide` runs inside the
 * transaction, is pure, and may throw an AppError to refuse. A mutation and its audit row commit together.
 */
export type KeyStore = {
  /** The key with this SHA-256, whatever its state, read from the store on every call. */
  find(hash: Buffer): Promise<FoundKey | undefined>;
  get(keyspace: Keyspace, keyId: KeyId): Promise<KeyRecord | undefined>;
  list(keyspace: Keyspace, filter: KeyFilter, page: KeyPage): Promise<readonly KeyRecord[]>;
  /** The organisation, whatever its state, where the host key may act for it. */
  findGrant(keyId: KeyId, organizationId: OrganizationId): Promise<Organization | undefined>;
  /** The organisations that a host key may act for. */
  listGrants(keyId: KeyId): Promise<readonly OrganizationId[]>;
  /** Live keys that the key with this prefix created. */
  listCreatedBy(keyspace: Keyspace, prefix: string, nowMs: number): Promise<readonly KeyRecord[]>;
  /** Calls `decide` anew when the prefix it made is taken. `userId` is the person for whom a key is asked. */
  mint(
    keyspace: Keyspace,
    actor: KeyId | null,
    nowMs: number,
    decide: (facts: MintFacts) => NewKey,
    auditRow: (key: KeyRecord) => AuditRow,
    userId?: UserId | null,
  ): Promise<KeyRecord>;
  /** Undefined for an unknown or foreign key; `decide` answers null to leave the key as it is, unaudited. */
  change(
    keyspace: Keyspace,
    keyId: KeyId,
    actor: KeyId | null,
    decide: (key: KeyRecord, actor: ActingKey | null) => KeyChange | null,
    auditRow: (key: KeyRecord) => AuditRow,
  ): Promise<KeyRecord | undefined>;
  /**
   * Inserts the replacement and changes the old key, together. Undefined for an unknown or foreign key. Calls
   * `decide` anew when the prefix it made is taken.
   */
  rotate(
    keyspace: Keyspace,
    keyId: KeyId,
    actor: KeyId | null,
    decide: (facts: RotateFacts) => Rotation,
    auditRow: (replacement: KeyRecord, old: KeyRecord) => AuditRow,
  ): Promise<{ readonly replacement: KeyRecord; readonly old: KeyRecord } | undefined>;
  /**
   * Adds and withdraws grants of a host key, and answers those that it has then. Undefined for an unknown key.
   * The row tells what really changed; where nothing did, none is written.
   *
   * @throws NOT_FOUND for an organisation that is not there
   */
  changeGrants(
    keyId: KeyId,
    nowMs: number,
    change: GrantChange,
    auditRow: (key: KeyRecord, done: GrantChange) => AuditRow,
  ): Promise<readonly OrganizationId[] | undefined>;
  /** Records the last use of each key. */
  noteUses(uses: ReadonlyMap<KeyId, KeyUse>): Promise<void>;
};
