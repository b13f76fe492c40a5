import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { everyCharacterOfJson, printableJson, printableLines } from '../secrets/printable.ts';
import type { Runtime } from './runtime.ts';
import { tableLines } from './table.ts';

/** Every command takes `--json`, which prints one JSON document on standard output and nothing else there. */
export type JsonOption = { readonly json?: boolean };

export const jsonOption = ['--json', 'print one JSON document'] as const;

/** The same process, whose terminal obeys nothing but a line feed, a tab and the paint of a command. */
export const withSafeScreen = (runtime: Runtime): Runtime => ({
  ...runtime,
  out: (line, paint = asItIs) => runtime.out(paint(printableLines(line))),
  err: (line) => runtime.err(printableLines(line)),
});

const asItIs = (line: string): string => line;

/** JSON for a terminal or a pipe: a terminal obeys nothing in it, a person sees every character, and a parser gets the same value. */
export const jsonText = (value: unknown, indent?: number): string =>
  printableJson(JSON.stringify(value, null, indent));

export const printJson = (runtime: Runtime, value: unknown): void => runtime.out(jsonText(value));

/** JSON for a person who checks each of its characters. */
export const printJsonToJudge = (runtime: Runtime, value: unknown): void =>
  runtime.out(everyCharacterOfJson(JSON.stringify(value)));

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
    await pipeline(Readable.from(safe(text)), stdout, { end: false });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return false;
    throw error;
  }
}

async function* safe(text: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  for await (const part of text) yield printableLines(part);
}
