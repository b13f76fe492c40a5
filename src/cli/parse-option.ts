import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { type KeptHead, parseHead } from '../audit/chain/chain-head.ts';
import { EXTERNAL_ID, externalIdForm } from '../provisioning/provision.ts';
import { holdsKey } from '../secrets/key-pattern.ts';
import { expectedPlainText, plainText } from '../secrets/plain-text.ts';

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

/** A parser of what `plainText` takes. */
export function parseText(longest: number): (text: string) => string {
  return (text) => {
    const parsed = plainText(longest).safeParse(requireNoKey(text));
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`That is not one: ${expectedPlainText(text, longest)}.`);
  };
}

/** What the operator writes is kept and shown to others. */
function requireNoKey(text: string): string {
  if (!holdsKey(text)) return text;
  throw new InvalidArgumentError('Expected a text without the plaintext of a key.');
}

export function parseExternalId(text: string): string {
  if (externalIdForm.test(requireNoKey(text))) return text;
  throw new InvalidArgumentError(`Expected ${EXTERNAL_ID}.`);
}

/** `agent:read,study:read`; nothing at all is the empty list, which allows nothing. */
export function parseList(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((word) => word.trim());
}

export function parseExpiresInDays(text: string): number | 'never' {
  return text === 'never' ? text : parseWholeNumber(1, 3650)(text);
}

/** `SEQ:HASH` or `SEQ:HASH:SIGNATURE`, as an export prints it. */
export function parseChainHead(text: string): KeptHead {
  const head = parseHead(text);
  if (head === undefined)
    throw new InvalidArgumentError('Expected SEQ:HASH or SEQ:HASH:SIGNATURE, as an export prints it.');
  return head;
}

/** A parser that gathers the values of an option that is given several times. */
export const gather = (text: string, before: readonly string[]): readonly string[] => [...before, text];
