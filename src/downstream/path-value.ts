import { bytesOf, decodeBytes, readingsOf } from './percent-decoding.ts';

/** A value for a path, not yet encoded. */
export type PathValue = {
  readonly text: string;
  /** The argument's name in error messages, as the caller types it. */
  readonly label: string;
  /** Whether the parameter accepts `/`. */
  readonly mayHoldSlashes: boolean;
};

const MOST_BYTES = 1024;

/** Why a value cannot be part of a path, as a sentence with the expectation; undefined when it can. */
export function refusalOfValue({ text, mayHoldSlashes }: PathValue): string | undefined {
  if (!text.isWellFormed()) return 'expected well-formed text';
  if (Buffer.byteLength(text) > MOST_BYTES) return `expected at most ${MOST_BYTES} bytes`;
  return refusalOfBytes(bytesOf(text), mayHoldSlashes);
}

/** The same check for an encoded segment, which may combine several values and literals. */
export const refusalOfSegment = (sent: string, mayHoldSlashes: boolean): string | undefined =>
  refusalOfBytes(decodeBytes(bytesOf(sent)), mayHoldSlashes);

function refusalOfBytes(bytes: string, mayHoldSlashes: boolean): string | undefined {
  for (const seen of readingsOf(bytes, decodeBytes)) {
    const parts = seen.split('/');
    if (parts.length > 1 && !mayHoldSlashes) return 'expected no "/", percent-encoded or not';
    if (forbidden.test(seen)) return 'expected no "\\" and no control character, percent-encoded or not';
    if (parts.some((part) => noName.test(part))) return parts.length > 1 ? EMPTY_PART : EMPTY;
  }
  return undefined;
}

const EMPTY = 'expected a value that is not empty, "." or "..", percent-encoded or before a ";" or not';
const EMPTY_PART = 'expected no part between "/" that is empty, "." or "..", percent-encoded or not';

/** Control characters: C0, DEL and, in UTF-8, C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const forbidden = /[\\\x00-\x1f\x7f]|\xc2[\x80-\x9f]/;

/**
 * Empty, `.` and `..`, also with trailing blanks, which Windows strips. Java servers cut a segment at `;` before they
 * resolve dots. A hop that decodes without re-encoding ends the path at `?` or `#`.
 */
const noName = /^(?:\.{0,2}|(?=[. ]*\.)(?=[. ]* )[. ]+)(?:;|$)|^(?:\.{1,2}|(?=[. ]*\.)(?=[. ]* )[. ]+)[?#]/;
