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
  const gathered = new Map<KeyId, KeyUse>();
  /** What a write failed for stays here, and goes with the next one. */
  const writing = new Map<KeyId, KeyUse>();
  return {
    note: (keyId, client) => void gathered.set(keyId, { atMs: now(), client }),
    latest: (keyId) => gathered.get(keyId) ?? writing.get(keyId),
    async flush() {
      for (const [keyId, use] of gathered) writing.set(keyId, use);
      gathered.clear();
      // A portion at a time: requests have their turn in between, however many keys were used.
      while (writing.size > 0) {
        const portion = firstOf(writing, PORTION);
        await keys.noteUses(portion);
        for (const [keyId, use] of portion) if (writing.get(keyId) === use) writing.delete(keyId);
        await setImmediate();
      }
    },
  };
}

function firstOf<Key, Value>(map: ReadonlyMap<Key, Value>, count: number): ReadonlyMap<Key, Value> {
  const first = new Map<Key, Value>();
  for (const [key, value] of map) {
    if (first.size === count) break;
    first.set(key, value);
  }
  return first;
}
