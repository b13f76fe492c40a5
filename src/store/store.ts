import type { AuditTrail } from '../audit/audit-trail.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { MemberStore } from '../members/member-store.ts';
import type { OrganizationStore } from '../provisioning/organization-store.ts';

/**
 * Organisations, their keys and people, and the audit trail: one store, so that a change and its row commit together.
 * Every method of every port is one atomic operation and answers with a promise.
 */
export type Store = {
  readonly keys: KeyStore;
  readonly organizations: OrganizationStore;
  readonly members: MemberStore;
  readonly audit: AuditTrail;
  /** Made with the store, and the same for every process on it; it seals cursors. */
  readonly cursorSecret: Buffer;
  /** What opening it did to a store that was older than its ledger; null for one that was not. */
  readonly recoveryReport: RecoveryReport | null;
  /** @throws STORE_UNAVAILABLE, STORE_BUSY */
  ping(): Promise<void>;
  /** Commits the rows that wait, then lets go of the store. A store that is closed stays closed. */
  close(): Promise<void>;
};

/**
 * What was done to an older store that came back: how many keys were revoked again and held, and how many
 * organisations deleted or suspended again. Unless the ledger covers the `whole` time since, every key is held.
 */
export type RecoveryReport = {
  readonly coverage: 'whole' | 'short' | 'missing';
  readonly revoked: number;
  /** Grants of host keys that were withdrawn again. */
  readonly withdrawn: number;
  readonly held: number;
  readonly organizations: number;
};
