import type { AuditRow, ChainHead } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { RecoveryReport } from './store.ts';

/** Where a store is, open or not. */
export type StoreLocation = {
  /** As an operator is shown it: a path, or whatever else holds no secret. */
  readonly name: string;
  /** Null for a store that is no file of this machine. */
  readonly files: StoreFiles | null;
};

/** What a store can do besides where it is one file of this machine. */
export type StoreFiles = {
  readonly file: string;
  /** Remembers what was taken from keys; without it a restore holds every key. */
  readonly ledgerFile: string;
  /** Copies the store, as it is at one instant, into `copy`, which is there and empty. */
  backup(copy: string): Promise<Snapshot>;
  /**
   * Locks the store against everybody and prepares to restore it from `snapshotFile`; the caller closes it.
   *
   * @throws a sentence: the store is in use, the snapshot is no store, is damaged or is newer than the program
   */
  openRestoration(snapshotFile: string): Promise<Restoration>;
};

/** A copy of a store, made at one instant. */
export type Snapshot = { readonly head: ChainHead; readonly keys: number };

/** A snapshot about to take the place of the store, which nobody else can open meanwhile. */
export type Restoration = {
  readonly snapshot: Snapshot;
  /** `rowsSince` counts its audit rows since the snapshot; null where the snapshot is not of its past. */
  readonly replaced: { readonly head: ChainHead; readonly rowsSince: number | null } | null;
  readonly readChain: AuditTrail['readChain'];
  /** Holds it against the ledger and puts it in place, once; the store replaced is kept. */
  finish(auditRow: (recoveryReport: RecoveryReport) => AuditRow): Promise<Restored>;
  close(): Promise<void>;
};

export type Restored = { readonly recoveryReport: RecoveryReport; readonly keptFile: string | null };
