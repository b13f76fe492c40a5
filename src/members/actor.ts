import type { KeyId } from '../ids.ts';
import type { ActorKey } from '../keys/key-store.ts';

/** Who requests a change: a key of the organisation, or the operator (`keyId` null). */
export type Actor = {
  readonly keyId: KeyId | null;
  /** Runs first inside the transaction, with the calling key as it is now. Throws an AppError to refuse. */
  readonly allow: (key: ActorKey | null) => void;
};
