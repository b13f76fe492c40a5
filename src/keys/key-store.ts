import type { AuditRow } from '../audit/audit-event.ts';
import type { KeyId, OrganizationId, UserId } from '../ids.ts';
import type { Organization } from '../organization.ts';
import type { CanonicalSet } from '../scopes/scopes.ts';
import type { KeyRecord, KeyStatus, Keyspace, KnownKey, ScopeType } from './key-record.ts';
import type { KeyReach } from './policy/key-reach.ts';

/** A key and its organisation; null for a host key, which has none. */
export type FoundKey = { readonly key: KnownKey; readonly organization: Organization | null };

export type KeyFilter = {
  readonly status?: KeyStatus | undefined;
  readonly scopeType?: ScopeType | undefined;
  readonly userId?: string | undefined;
  /** Only keys within this reach. */
  readonly within?: KeyReach | undefined;
  /** Only keys that end before this instant, in milliseconds since 1970. */
  readonly endsBeforeMs?: number | undefined;
  /** Statuses are computed at `nowMs`; a key that is unused for `staleAfterMs` is stale. Milliseconds. */
  readonly nowMs: number;
  readonly staleAfterMs: number;
};

/** Newest first. `beforeId` is the last id of the previous page. */
export type KeyPage = { readonly limit: number; readonly beforeId?: string | undefined };

/**
 * The calling key, read inside the transaction. `ownerRole` is null unless the owner is active. `successor` replaces a
 * key in its grace.
 */
export type ActorKey = KeyRecord & {
  readonly ownerRole: 'admin' | 'member' | null;
  readonly successor: Pick<KeyRecord, 'prefix' | 'revokedAtMs'> | null;
};

/** One key of one keyspace. */
export type KeyAddress = { readonly keyspace: Keyspace; readonly keyId: KeyId };

/** What the facts of a minting are read by. `userId` is the requested owner of a user-bound key. */
export type MintQuery = {
  /** The calling key; null for the operator. */
  readonly actor: KeyId | null;
  readonly userId: UserId | null;
  readonly nowMs: number;
};

/** Rows that are read inside the minting transaction, so that they cannot change before the commit. */
export type MintFacts = {
  /** The calling key; null for the operator. */
  readonly actor: ActorKey | null;
  readonly keys: { readonly live: number };
  readonly defaultKey: KeyRecord | null;
  /** The requested user; null when none was given or the user is not an active member. */
  readonly activeUser: UserId | null;
  readonly canon: CanonicalSet;
};

/**
 * A key to insert. `demotes` is the organisation's previous default key. `grants` are the organisations of a host key.
 */
export type NewKey = {
  readonly key: KeyRecord;
  readonly hash: Buffer;
  readonly demotes: KeyId | null;
  readonly grants: readonly OrganizationId[];
};

/** Fields of a key to change; absent ones stay. */
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

/** Rows that are read inside the rotating transaction. */
export type RotateFacts = {
  /** The calling key; null for the operator. */
  readonly actor: ActorKey | null;
  readonly current: KeyRecord;
  /** The key that replaced this one in an earlier rotation, and the key that this one replaced. */
  readonly successor: KeyRecord | null;
  readonly predecessor: KeyRecord | null;
  readonly canon: CanonicalSet;
  /** The organisations of a host key. Its replacement gets the same. */
  readonly grants: readonly OrganizationId[];
  /** The canonical set that the key was minted with; null for explicit scopes. */
  readonly formerCanon: CanonicalSet | null;
};

export type Rotation = { readonly replacement: NewKey; readonly change: KeyChange };

/** Organisations to grant to a host key, and to withdraw from it. */
export type GrantChange = {
  readonly add: readonly OrganizationId[];
  readonly withdraw: readonly OrganizationId[];
};

/** The last use of a key, in milliseconds since 1970, and its client. */
export type KeyUse = { readonly atMs: number; readonly client: string | null };

/**
 * The port for stored keys. Each method is one atomic operation within the given keyspace. `decide` is pure, runs
 * inside the transaction, and may throw an AppError to refuse. A change and its audit row commit together.
 */
export type KeyStore = {
  /** The key with this SHA-256, in any state. Read from the store on every call. */
  find(hash: Buffer): Promise<FoundKey | undefined>;
  get(keyspace: Keyspace, keyId: KeyId): Promise<KeyRecord | undefined>;
  list(keyspace: Keyspace, filter: KeyFilter, page: KeyPage): Promise<readonly KeyRecord[]>;
  /** The organisation, in any status, if it is granted to the host key. */
  findGrant(keyId: KeyId, organizationId: OrganizationId): Promise<Organization | undefined>;
  /** The organisations that are granted to a host key. */
  listGrants(keyId: KeyId): Promise<readonly OrganizationId[]>;
  /** Live keys that were created by the key with this prefix. */
  listCreatedBy(keyspace: Keyspace, prefix: string, nowMs: number): Promise<readonly KeyRecord[]>;
  /** Mints a key. Calls `decide` again when the generated prefix is taken. */
  mint(
    keyspace: Keyspace,
    query: MintQuery,
    decide: (facts: MintFacts) => NewKey,
    auditRow: (key: KeyRecord) => AuditRow,
  ): Promise<KeyRecord>;
  /**
   * Changes a key. Undefined for an unknown or foreign key. When `decide` returns null, nothing is changed or audited.
   */
  change(
    address: KeyAddress,
    actor: KeyId | null,
    decide: (key: KeyRecord, actor: ActorKey | null) => KeyChange | null,
    auditRow: (key: KeyRecord) => AuditRow,
  ): Promise<KeyRecord | undefined>;
  /**
   * Inserts the replacement and changes the old key in one transaction. Undefined for an unknown or foreign key. Calls
   * `decide` again when the generated prefix is taken.
   */
  rotate(
    address: KeyAddress,
    actor: KeyId | null,
    decide: (facts: RotateFacts) => Rotation,
    auditRow: (replacement: KeyRecord, old: KeyRecord) => AuditRow,
  ): Promise<{ readonly replacement: KeyRecord; readonly old: KeyRecord } | undefined>;
  /**
   * Adds and withdraws grants of a host key, and returns its grants. Undefined for an unknown key. The audit row has
   * the effective changes; without any, no row is written.
   *
   * @throws NOT_FOUND for an organisation that does not exist
   */
  changeGrants(
    keyId: KeyId,
    nowMs: number,
    change: GrantChange,
    auditRow: (key: KeyRecord, done: GrantChange) => AuditRow,
  ): Promise<readonly OrganizationId[] | undefined>;
  /** Stores the last use of each key. */
  noteUses(uses: ReadonlyMap<KeyId, KeyUse>): Promise<void>;
};
