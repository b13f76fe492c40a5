import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../src/errors.ts';
import { syncFolder } from './sync-folder.ts';

/** One thing that happened, and the audit row (its place and hash) in whose transaction it did. */
export type LedgerLine = {
  readonly what: string;
  /** ISO 8601. */
  readonly at: string;
  readonly seq: number;
  readonly hash: string;
  readonly key_id?: string;
  readonly organization_id?: string;
  readonly user_id?: string;
  readonly group_id?: string;
  readonly status?: string;
  readonly by?: string;
  /** On the line with which a store's ledger begins: the name that the store has for it. */
  readonly ledger?: string;
};

/** Beside the store and never part of it, so that no restored snapshot takes it back in time. */
export type LedgerFile = {
  /** Down to the disk, all or none. For whoever holds the store's write lock. @throws STORE_UNAVAILABLE */
  append(lines: readonly LedgerLine[]): void;
  /** The newest line; undefined where there is none that can be read. */
  newest(): LedgerLine | undefined;
  /** Every line in order, and undefined for one that cannot be read; undefined where there is no ledger. */
  read(): readonly (LedgerLine | undefined)[] | undefined;
};

const TAIL_BYTES = 4096;
const NEWLINE = 0x0a;

export function createLedgerFile(storeFile: string): LedgerFile {
  const file = `${storeFile}.ledger`;
  return {
    append(lines) {
      try {
        appendLines(file, lines);
      } catch (cause) {
        throw new AppError('STORE_UNAVAILABLE', { cause });
      }
    },
    newest: () => (existsSync(file) ? wholeLines(readTail(file)).map(parseLine).at(-1) : undefined),
    read: () => (existsSync(file) ? wholeLines(readFileSync(file, 'utf8')).map(parseLine) : undefined),
  };
}

function appendLines(file: string, lines: readonly LedgerLine[]): void {
  const isNew = !existsSync(file);
  const handle = openSync(file, 'a+', 0o600);
  try {
    const size = cutTornTail(handle, file);
    // Where somebody took the ledger away, the new one says from which row on it is whole.
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

/** What a crash cut off was not on the disk, so its transaction never committed. Answers the size left. */
function cutTornTail(handle: number, file: string): number {
  const { size } = fstatSync(handle);
  const last = Buffer.alloc(1);
  if (size === 0 || (readSync(handle, last, 0, 1, size - 1) === 1 && last[0] === NEWLINE)) return size;
  const wholeSize = readFileSync(file).lastIndexOf(NEWLINE) + 1;
  ftruncateSync(handle, wholeSize);
  return wholeSize;
}

function readTail(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(handle, tail, 0, tail.length, size - tail.length);
    return tail.toString('utf8');
  } finally {
    closeSync(handle);
  }
}

const wholeLines = (text: string): string[] => text.split('\n').slice(0, -1);

const optional = ['key_id', 'organization_id', 'user_id', 'group_id', 'status', 'by', 'ledger'] as const;

function parseLine(text: string): LedgerLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>; // Any object has fields, of whatever type.
  const { what, at, seq, hash } = fields;
  const isWhole = typeof what === 'string' && typeof hash === 'string' && Number.isSafeInteger(seq);
  const isTimed = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  const areTexts = optional.every((name) => fields[name] === undefined || typeof fields[name] === 'string');
  return isWhole && isTimed && areTexts ? (value as LedgerLine) : undefined; // Every field was looked at.
}
