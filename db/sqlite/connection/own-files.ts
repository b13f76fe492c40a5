import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../../src/clock.ts';
import { AppError } from '../../../src/errors.ts';

/**
 * Whether the store's paths still name the files that were opened. SQLite keeps using a file that was deleted, moved or
 * replaced, without an error; what it writes there is lost.
 */
export type OwnFiles = {
  /**
   * The check of a commit.
   *
   * @throws STORE_UNAVAILABLE until the same files are back
   */
  require(): void;
  /** The check of a read. It may reuse a result of the last few milliseconds. */
  requireLately(): void;
};

const LATELY_MS = 5;
/**
 * How long an unchanged folder stands in for a check of its files. Changes that a folder does not show, such as a
 * mount, are found after this time.
 */
const LOOKED_AT_MS = 50;
/** A file system that counts in seconds may give two changes of a folder the same time. */
const SETTLED_MS = 2500;

/** Starts watching. Call it when all connections are open: from then on SQLite does not recreate the files. */
export function watchOwnFiles(file: string, elapsed: Clock['elapsed']): OwnFiles {
  // Without the WAL or its locks, other processes would see another store than this one. They lie beside the real file
  // when its name is a link.
  const real = realpathSync(file);
  const own = [file, `${real}-wal`, `${real}-shm`].map((name) => ({ name, opened: lookUp(name) }));
  const folders = [...new Set([dirname(file), dirname(real)])];
  let foundAtMs = Number.NEGATIVE_INFINITY;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let known = { folders: folders.map(lookUp), sinceMs: elapsed() };

  // One check of the folder instead of three of files: a stat takes microseconds, and every commit needs them.
  const isShownByFolders = (nowMs: number): boolean => {
    const found = folders.map(lookUp);
    if (!found.every((folder, at) => isUnchanged(folder, known.folders[at])))
      known = { folders: found, sinceMs: nowMs };
    return nowMs - known.sinceMs > SETTLED_MS && nowMs - lookedAtMs < LOOKED_AT_MS;
  };

  const require = (): void => {
    foundAtMs = Number.NEGATIVE_INFINITY;
    const nowMs = elapsed();
    if (!isShownByFolders(nowMs)) {
      lookedAtMs = Number.NEGATIVE_INFINITY;
      for (const { name, opened } of own) {
        if (!isSame(lookUp(name), opened)) throw new AppError('STORE_UNAVAILABLE');
      }
      lookedAtMs = nowMs;
    }
    foundAtMs = nowMs;
  };
  require();
  return {
    require,
    requireLately() {
      if (elapsed() - foundAtMs > LATELY_MS) require();
    },
  };
}

type Found = BigIntStats | undefined;

const isUnchanged = (found: Found, known: Found): boolean =>
  isSame(found, known) && found?.ctimeNs === known?.ctimeNs;

export function lookUp(name: string): Found {
  try {
    return statSync(name, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    throw new AppError('STORE_UNAVAILABLE', { cause });
  }
}

/** An inode number is not reused while the file is open. */
export const isSame = (found: Found, opened: Found): boolean =>
  found !== undefined && opened !== undefined && found.ino === opened.ino && found.dev === opened.dev;
