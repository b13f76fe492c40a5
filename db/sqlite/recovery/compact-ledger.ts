import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { meaningOf } from './apply-changes.ts';
import { type LedgerLine, linesFromEnd, parseLine } from './ledger-lines.ts';

const BATCH_LINES = 4096;

/**
 * The subject of a line. Of several lines with the same subject, the newest has everything that a restored copy needs,
 * from any row on. Undefined for a line that must be kept.
 */
export function subjectOf(line: LedgerLine): string | undefined {
  const meaning = meaningOf(line);
  if (meaning === undefined || meaning === 'mark') return undefined;
  const { what, key_id, organization_id, user_id, group_id } = line;
  return [what, key_id, organization_id, user_id, group_id].join(' ');
}

/**
 * Writes a compacted copy beside the ledger, flushed to disk, and returns its path. The caller holds the store's write
 * lock.
 */
export function writeCompacted(file: string): string {
  const kept = linesToKeep(file);
  const staged = `${file}.compacting`;
  // Left over from an interrupted compaction.
  rmSync(staged, { force: true });
  const handle = openSync(staged, 'wx', 0o600);
  try {
    for (let start = 0; start < kept.length; start += BATCH_LINES) {
      const batch = kept.slice(start, start + BATCH_LINES).map((line) => `${line}\n`);
      writeFileSync(handle, batch.join(''));
    }
    fsyncSync(handle);
    return staged;
  } catch (error) {
    rmSync(staged);
    throw error;
  } finally {
    closeSync(handle);
  }
}

/**
 * The lines to keep, in order. Marks stay, because they locate older copies of the store; the newest line always stays.
 */
function linesToKeep(file: string): readonly string[] {
  const kept: string[] = [];
  const seen = new Set<string>();
  for (const text of linesFromEnd(file)) {
    const line = parseLine(text);
    const subject = line && subjectOf(line);
    const isSuperseded = subject !== undefined && (seen.has(subject) || saysNothing(line));
    if (subject !== undefined) seen.add(subject);
    if (!isSuperseded || kept.length === 0) kept.push(text);
  }
  return withSize(kept.reverse());
}

const saysNothing = (line: LedgerLine | undefined): boolean =>
  line !== undefined && meaningOf(line) === 'nothing';

/** Records the compacted size in the first line: the ledger is compacted again only after it has grown. */
function withSize(kept: readonly string[]): readonly string[] {
  const [first = '', ...others] = kept;
  const begun = parseLine(first);
  if (begun?.what !== 'begun') return kept;
  const compacted_bytes = kept.reduce((bytes, line) => bytes + Buffer.byteLength(line) + 1, 0);
  return [JSON.stringify({ ...begun, compacted_bytes }), ...others];
}
