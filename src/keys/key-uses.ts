import { setImmediate } from 'node:timers/promises';
import type { KeyId } from '../ids.ts';
import type { KeyStore, KeyUse } from './key-store.ts';

/** When and by whom each key was last used, gathered in memory: no request waits for the write. */
export type KeyUses = {
  note(keyId: KeyId, client: string | null): void;
  /** What this process knows that the store may not know yet. */
  latest(keyId: KeyId): KeyUse | undefined;
  /** Writes what has gathered; a failed write is gathered again for the next. */
  flush(): Promise<void>;
};

/** Keys whose last use is written in one transaction, some milliseconds long. */
const PORTION = 500;

export function createKeyUses(keys: KeyStore, now: () => number): KeyUses {
  let gathered = new Map<KeyId, KeyUse>();
  return {
    note: (keyId, client) => void gathered.set(keyId, { atMs: now(), client }),
    latest: (keyId) => gathered.get(keyId),
    async flush() {
      if (gathered.size === 0) return;
      const uses = [...gathered];
      gathered = new Map();
      try {
        // A portion at a time: requests have their turn in between, however many keys were used.
        while (uses.length > 0) {
          await keys.noteUses(new Map(uses.slice(-PORTION)));
          uses.length = Math.max(0, uses.length - PORTION);
          await setImmediate();
        }
      } catch (error) {
        gathered = new Map([...uses, ...gathered]);
        throw error;
      }
    },
  };
}
