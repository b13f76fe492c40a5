import type { AuditRow, ChainHead } from './audit/audit-event.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { KeyStore } from './keys/key-store.ts';
import type { MemberStore } from './members/member-store.ts';
import type { OrganizationStore } from './provisioning/organization-store.ts';

/** Organisations, their keys and people, and the audit trail: one file, so that a change and its row are one. */
export type Store = {
  readonly keys: KeyStore;
  readonly organizations: OrganizationStore;
  readonly members: MemberStore;
  readonly audit: AuditTrail;
  /** Made with the store, and the same for every process on it; it seals cursors. */
  readonly cursorSecret: Buffer;
  /** What opening it did to a store that was older than its ledger; null for one that was not. */
  readonly reckoning: Reckoning | null;
  /** Copies the store, as it is at one instant, into `file`, which is there and empty. */
  backup(file: string): Promise<Snapshot>;
  /** @throws STORE_UNAVAILABLE */
  ping(): void;
  /** Commits the rows that wait, then lets go of the file. A store that is closed stays closed. */
  close(): Promise<void>;
};

/** A copy of a store, made at one instant. */
export type Snapshot = { readonly head: ChainHead; readonly keys: number };

/**
 * What was done to an older store that came back: how many keys were revoked again and held, and how many
 * organisations deleted or suspended again. Unless the ledger covers the `whole` time since, every key is held.
 */
export type Reckoning = {
  readonly coverage: 'whole' | 'short' | 'missing';
  readonly revoked: number;
  /** Grants of host keys that were withdrawn again. */
  readonly withdrawn: number;
  readonly held: number;
  readonly organizations: number;
};

/** A snapshot about to take the place of the store, which nobody else can open meanwhile. */
export type Restoration = {
  readonly snapshot: Snapshot;
  /** `rowsSince` counts its audit rows since the snapshot; null where the snapshot is not of its past. */
  readonly replaced: { readonly head: ChainHead; readonly rowsSince: number | null } | null;
  readonly readChain: AuditTrail['readChain'];
  /** Holds it against the ledger and puts it in place, once; the store replaced is kept. */
  finish(auditRow: (reckoning: Reckoning) => AuditRow): {
    readonly reckoning: Reckoning;
    readonly keptFile: string | null;
  };
  close(): void;
};
