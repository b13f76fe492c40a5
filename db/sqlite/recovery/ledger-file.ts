import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../../src/errors.ts';
import { keepPrivate } from '../connection/private-file.ts';
import { syncFolder } from '../connection/sync-folder.ts';
import { writeCompacted } from './compact-ledger.ts';
import { firstLine, type LedgerLine, linesFromEnd, parseLine, wholeBytes } from './ledger-lines.ts';

/** A file beside the store, never part of it, so that restoring a snapshot does not set it back. */
export type LedgerFile = {
  /**
   * Appends all lines or none, and flushes. The caller holds the store's write lock.
   *
   * @throws STORE_UNAVAILABLE
   */
  append(lines: readonly LedgerLine[]): void;
  /** The newest line; undefined when there is none or it is unreadable. */
  newest(): LedgerLine | undefined;
  exists(): boolean;
  /** Lines from newest to oldest; undefined for an unreadable one. Empty without a ledger. */
  fromEnd(): Iterable<LedgerLine | undefined>;
  /** Whether it has grown enough to be compacted again. */
  isLong(): boolean;
  /** Drops superseded lines. The caller holds the store's write lock. */
  compact(): void;
};

/** Some 4,500 changes. Compacting them blocks the event loop for some 20 ms. */
const LEAST_LONG_BYTES = 1024 * 1024;
const GROWTH = 2;

export const ledgerFileOf = (storeFile: string): string => `${storeFile}.ledger`;

export function createLedgerFile(storeFile: string, leastLongBytes: number = LEAST_LONG_BYTES): LedgerFile {
  const file = ledgerFileOf(storeFile);
  keepPrivate(file);
  /** Size for the next attempt. It grows after an attempt that failed or removed little. */
  let notBelow = leastLongBytes;
  const isLong = (): boolean => {
    const size = sizeOf(file);
    return size > notBelow && size > GROWTH * compactedBytes(file);
  };
  return {
    append(lines) {
      try {
        if (isLong()) notBelow = tryToCompact(file);
        appendLines(file, lines);
      } catch (cause) {
        throw new AppError('STORE_UNAVAILABLE', { cause });
      }
    },
    newest() {
      for (const line of readFromEnd(file)) return line;
      return undefined;
    },
    exists: () => existsSync(file),
    fromEnd: () => readFromEnd(file),
    isLong,
    compact() {
      notBelow = tryToCompact(file);
    },
  };
}

function* readFromEnd(file: string): Generator<LedgerLine | undefined> {
  if (!existsSync(file)) return;
  for (const text of linesFromEnd(file)) yield parseLine(text);
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function compactedBytes(file: string): number {
  const handle = openSync(file, 'r');
  try {
    return firstLine(handle)?.compacted_bytes ?? 0;
  } finally {
    closeSync(handle);
  }
}

/** A failed compaction is harmless: the longer ledger has the same meaning. Returns the size for the next attempt. */
function tryToCompact(file: string): number {
  if (takePlace(file)) {
    // Later lines would be lost with the new name, so this failure must be thrown.
    syncFolder(dirname(file));
  }
  return GROWTH * sizeOf(file);
}

/** A rename: at every instant the path names a complete ledger. */
function takePlace(file: string): boolean {
  try {
    renameSync(writeCompacted(file), file);
    return true;
  } catch {
    return false;
  }
}

function appendLines(file: string, lines: readonly LedgerLine[]): void {
  const isNew = !existsSync(file);
  const handle = openSync(file, 'a+', 0o600);
  try {
    const size = cutTornTail(handle);
    // After somebody removed the ledger, the new one records the row from which it is complete.
    const [first] = lines;
    const begun = size > 0 || first === undefined || first.what === 'begun' ? [] : [beginningAt(first)];
    try {
      writeFileSync(handle, [...begun, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
      fsyncSync(handle);
    } catch (error) {
      ftruncateSync(handle, size);
      throw error;
    }
  } finally {
    closeSync(handle);
  }
  if (isNew) syncFolder(dirname(file));
}

const beginningAt = ({ at, seq, hash }: LedgerLine): LedgerLine => ({ what: 'begun', at, seq, hash });

/** Cuts the rest of an interrupted write, whose transaction never committed. Returns the remaining size. */
function cutTornTail(handle: number): number {
  const { size } = fstatSync(handle);
  const whole = wholeBytes(handle, size);
  if (whole < size) ftruncateSync(handle, whole);
  return whole;
}
