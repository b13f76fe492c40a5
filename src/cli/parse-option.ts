import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { ChainHead } from '../audit/audit-event.ts';
import { holdsKey } from '../token-shape.ts';

const instant = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Milliseconds since 1970 of `2026-11-20T09:00:00Z`, an offset in place of `Z`, or a day, which begins in UTC. */
export function parseInstant(text: string): number {
  if (!instant.safeParse(text).success)
    throw new InvalidArgumentError('Expected an ISO 8601 time such as 2026-11-20T09:00:00Z.');
  return Date.parse(text);
}

/** A parser of instants that have come, by the clock `now`. */
export function parsePastInstant(now: () => number): (text: string) => number {
  return (text) => {
    const instantMs = parseInstant(text);
    if (instantMs <= now()) return instantMs;
    throw new InvalidArgumentError('Expected a time that is not in the future.');
  };
}

/** A parser of whole numbers from `least` to `most`. */
export function parseWholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** A parser of trimmed text on one line, of at most `longest` characters. */
export function parseText(longest: number): (text: string) => string {
  return (text) => {
    const trimmed = requireNoKey(text).trim();
    if (trimmed !== '' && trimmed.length <= longest && !/\p{Cc}/u.test(trimmed)) return trimmed;
    throw new InvalidArgumentError(`Expected 1 to ${longest} characters on one line.`);
  };
}

/** What the operator writes is kept and shown to others. */
function requireNoKey(text: string): string {
  if (!holdsKey(text)) return text;
  throw new InvalidArgumentError('Expected a text without the plaintext of a key.');
}

export function parseExternalId(text: string): string {
  if (/^[\x20-\x7e]{1,200}$/.test(requireNoKey(text))) return text;
  throw new InvalidArgumentError('Expected 1 to 200 printable ASCII characters.');
}

/** `agent:read,study:read`; nothing at all is the empty list, which allows nothing. */
export function parseList(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((word) => word.trim());
}

export function parseExpiresInDays(text: string): number | 'never' {
  return text === 'never' ? text : parseWholeNumber(1, 3650)(text);
}

/** `SEQ:HASH`, as an export prints it. */
export function parseChainHead(text: string): ChainHead {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected SEQ:HASH, as an export prints it.');
  return { seq: Number(match[1]), hash: match[2] ?? '' };
}

/** How a chain's end is written wherever it is kept. */
export const formatChainHead = ({ seq, hash }: ChainHead): string => `${seq}:${hash}`;
