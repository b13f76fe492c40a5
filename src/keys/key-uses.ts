import type { KeyId } from '../ids.ts';
import type { KeyStore } from './key-store.ts';

/** When each key was last used, gathered in memory: no request waits for the write. */
export type KeyUses = {
  note(keyId: KeyId): void;
  /** Writes what has gathered; a failed write is gathered again for the next. */
  flush(): Promise<void>;
};

export function createKeyUses(keys: KeyStore, now: () => number): KeyUses {
  let gathered = new Map<KeyId, number>();
  return {
    note: (keyId) => void gathered.set(keyId, now()),
    async flush() {
      if (gathered.size === 0) return;
      const uses = gathered;
      gathered = new Map();
      try {
        await keys.noteUses(uses);
      } catch (error) {
        gathered = new Map([...uses, ...gathered]);
        throw error;
      }
    },
  };
}
