import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** One event, with the sequence number and hash of the audit row that committed with it. */
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
  /** Only on the first line: the name that the store has for its ledger. */
  readonly ledger?: string;
  /** Only on the first line: the ledger's size after its last compaction, in bytes. */
  readonly compacted_bytes?: number;
};

const CHUNK_BYTES = 65_536;
const LONGEST_LINE_BYTES = 65_536;
const NEWLINE = 0x0a;
/** Replaces the rest of a line that is longer than any of ours. */
const TOO_LONG = Buffer.from('?');

/** The complete lines of a file of any length, from newest to oldest. A truncated last line is skipped. */
export function* linesFromEnd(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let isWhole = false;
    for (let end = fstatSync(handle).size; end > 0; end = Math.max(0, end - CHUNK_BYTES)) {
      const chunk = readAt(handle, Math.max(0, end - CHUNK_BYTES), Math.min(end, CHUNK_BYTES));
      let cut = chunk.length;
      for (let at = lastNewline(chunk, cut); at >= 0; at = lastNewline(chunk, at)) {
        if (isWhole) yield Buffer.concat([chunk.subarray(at + 1, cut), rest]).toString('utf8');
        rest = Buffer.alloc(0);
        isWhole = true;
        cut = at;
      }
      rest = Buffer.concat([chunk.subarray(0, cut), rest]);
      if (rest.length > LONGEST_LINE_BYTES) rest = TOO_LONG;
    }
    if (isWhole) yield rest.toString('utf8');
  } finally {
    closeSync(handle);
  }
}

/** The end of the last complete line within `size`, in bytes: the length without an interrupted write. */
export function wholeBytes(handle: number, size: number): number {
  for (let end = size; end > 0; end = Math.max(0, end - CHUNK_BYTES)) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = readAt(handle, start, end - start);
    const at = lastNewline(chunk, chunk.length);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

export function firstLine(handle: number): LedgerLine | undefined {
  const [text = ''] = readAt(handle, 0, Math.min(CHUNK_BYTES, fstatSync(handle).size))
    .toString('utf8')
    .split('\n', 1);
  return parseLine(text);
}

const lastNewline = (chunk: Buffer, before: number): number =>
  before === 0 ? -1 : chunk.lastIndexOf(NEWLINE, before - 1);

function readAt(handle: number, start: number, length: number): Buffer {
  const chunk = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(handle, chunk, filled, length - filled, start + filled);
    if (read === 0) break;
    filled += read;
  }
  return chunk.subarray(0, filled);
}

const optional = ['key_id', 'organization_id', 'user_id', 'group_id', 'status', 'by', 'ledger'] as const;

/** Undefined for anything except a valid line. */
export function parseLine(text: string): LedgerLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>; // The type of each field is checked below.
  const { what, at, seq, hash } = fields;
  const isWhole = typeof what === 'string' && typeof hash === 'string' && Number.isSafeInteger(seq);
  const isSized = fields.compacted_bytes === undefined || Number.isSafeInteger(fields.compacted_bytes);
  const isTimed = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  const areTexts = optional.every((name) => fields[name] === undefined || typeof fields[name] === 'string');
  return isWhole && isSized && isTimed && areTexts ? (value as LedgerLine) : undefined; // Every field was checked.
}
