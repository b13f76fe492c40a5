import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { AppError } from '../src/errors.ts';

/**
 * Whether the names still stand for the files that were opened. SQLite goes on reading and writing a file that was
 * deleted, moved or replaced, and says that all is well; what it is given there, nobody sees again.
 */
export type OwnFiles = {
  /** For a commit. @throws STORE_UNAVAILABLE, until the very same files are back */
  require(): void;
  /** For what only reads: the same, of a few milliseconds ago. */
  requireLately(): void;
};

const LATELY_MS = 5;

/** To be called once all connections are open: while one is, SQLite makes none of the files anew. */
export function watchOwnFiles(file: string, clock: () => number = () => performance.now()): OwnFiles {
  // Without its log, or the locks on it, others who open the store see another one than we do. They lie beside the
  // file itself, where its name is a link.
  const real = realpathSync(file);
  const own = [file, `${real}-wal`, `${real}-shm`].map((name) => ({ name, opened: lookUp(name) }));
  let foundAtMs = Number.NEGATIVE_INFINITY;

  const require = (): void => {
    foundAtMs = Number.NEGATIVE_INFINITY;
    for (const { name, opened } of own) {
      if (!isSame(lookUp(name), opened)) throw new AppError('STORE_UNAVAILABLE');
    }
    foundAtMs = clock();
  };
  require();
  return {
    require,
    requireLately() {
      if (clock() - foundAtMs > LATELY_MS) require();
    },
  };
}

export function lookUp(name: string): BigIntStats | undefined {
  try {
    return statSync(name, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    throw new AppError('STORE_UNAVAILABLE', { cause });
  }
}

/** A number of an inode is not given again as long as somebody has the file open. */
export const isSame = (found: BigIntStats | undefined, opened: BigIntStats | undefined): boolean =>
  found !== undefined && opened !== undefined && found.ino === opened.ino && found.dev === opened.dev;
