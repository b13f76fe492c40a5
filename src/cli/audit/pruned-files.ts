import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { AuditEvent } from '../../audit/audit-event.ts';
import { auditFromWire } from '../../audit/audit-from-wire.ts';
import { parseJson } from '../../json.ts';
import { printable } from '../../secrets/printable.ts';

/** Rows that are read at a time. */
const CHUNK = 1000;

/**
 * The rows of files that "audit prune" or "audit export" wrote, the oldest first, for files given in any order;
 * read some at a time. Undefined for no files.
 *
 * @throws a sentence that names the file, and the line that is no row
 */
export async function readPrunedFiles(
  names: readonly string[],
  cwd: string,
): Promise<AsyncIterable<readonly AuditEvent[]> | undefined> {
  if (names.length === 0) return undefined;
  const files = await Promise.all(
    names.map(async (name) => {
      const file = resolve(cwd, name);
      for await (const [first] of rowsOf(file)) if (first !== undefined) return file;
      throw new Error(`${printable(file)}: expected the rows that "audit prune" wrote, and there are none`);
    }),
  );
  return merged(files);
}

/**
 * In the order of the chain. Two files share rows where the prune of the first was stopped half-way: such a row comes
 * as often as there are files with it, one after the other, so that the reader can compare them.
 */
async function* merged(files: readonly string[]): AsyncGenerator<readonly AuditEvent[]> {
  const open: { readonly rows: AsyncIterator<AuditEvent>; next: AuditEvent }[] = [];
  for (const file of files) {
    const rows = singly(rowsOf(file));
    const { value: next } = await rows.next();
    if (next !== undefined) open.push({ rows, next });
  }
  let chunk: AuditEvent[] = [];
  for (;;) {
    const [oldest] = open.toSorted((a, b) => a.next.seq - b.next.seq);
    if (oldest === undefined) break;
    chunk.push(oldest.next);
    const { value: next } = await oldest.rows.next();
    if (next === undefined) open.splice(open.indexOf(oldest), 1);
    else oldest.next = next;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

async function* singly(chunks: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<AuditEvent, undefined> {
  for await (const rows of chunks) yield* rows;
}

async function* rowsOf(file: string): AsyncGenerator<readonly AuditEvent[]> {
  let rows: AuditEvent[] = [];
  let line = 0;
  for await (const text of linesOf(file)) {
    line += 1;
    rows.push(requireRow(text, file, line));
    if (rows.length < CHUNK) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new Error(`${printable(file)}: the file cannot be read${code}`);
  }
}

function requireRow(text: string, file: string, line: number): AuditEvent {
  const row = auditFromWire(parseJson(text));
  if (row === undefined) throw new Error(`${printable(file)}: line ${line} is no row of an audit trail`);
  return row;
}
