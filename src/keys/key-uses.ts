import { setImmediate } from 'node:timers/promises';
import type { KeyId } from '../ids.ts';
import type { KeyStore, KeyUse } from './key-store.ts';

/** The last use of each key, collected in memory, so that no request waits for the write. */
export type KeyUses = {
  note(keyId: KeyId, client: string | null): void;
  /** The last use that this process has seen since it was last stored. */
  latest(keyId: KeyId): KeyUse | undefined;
  /** Writes the collected uses. A failed write is repeated by the next flush. */
  flush(): Promise<void>;
};

/** Keys per transaction, which takes some milliseconds. */
const PORTION = 500;

export function createKeyUses(keys: KeyStore, now: () => number, portionSize = PORTION): KeyUses {
  const gathered = new Map<KeyId, KeyUse>();
  /** Uses that are being written. A failed write leaves them for the next flush. */
  const writing = new Map<KeyId, KeyUse>();
  return {
    note: (keyId, client) => void gathered.set(keyId, { atMs: now(), client }),
    latest: (keyId) => gathered.get(keyId) ?? writing.get(keyId),
    async flush() {
      for (const [keyId, use] of gathered) writing.set(keyId, use);
      gathered.clear();
      // One portion at a time, so that requests can run between the transactions.
      while (writing.size > 0) {
        const portion = firstOf(writing, portionSize);
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
