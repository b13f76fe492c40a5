import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Runtime } from './runtime.ts';
import { tableLines } from './table.ts';

/** What every command takes: `--json` prints one JSON document on standard output and nothing else there. */
export type JsonOption = { readonly json?: boolean };

export const jsonOption = ['--json', 'print one JSON document'] as const;

export const printJson = (runtime: Runtime, value: unknown): void => runtime.out(JSON.stringify(value));

export function printTable(
  runtime: Runtime,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  for (const line of tableLines(header, rows)) runtime.out(line);
}

/** Long output, as fast as it is read. False when the reader went away, as `head` does once it has its lines. */
export async function writeText(
  { stdout }: Runtime,
  text: Iterable<string> | AsyncIterable<string>,
): Promise<boolean> {
  try {
    await pipeline(Readable.from(text), stdout, { end: false });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return false;
    throw error;
  }
}
