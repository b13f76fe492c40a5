import { type DestinationStream, type Logger, pino } from 'pino';
import { isRecord } from './json.ts';
import { redactKeys } from './secrets/key-pattern.ts';
import { printable, printableJson, printableLines } from './secrets/printable.ts';

export type Log = Logger;

/** Replaces every secret in a text with `[secret]`. */
export type Redact = (text: string) => string;

/** In characters. A shorter form would match parts of ordinary words, so it is not redacted. */
const LEAST_REDACTED = 8;

/** Redacts everything that looks like a key, and the given `secrets`, which need not look like one. */
export function createRedactor(secrets: readonly string[]): Redact {
  const forms = [...new Set(secrets.flatMap(formsOf))].filter(({ length }) => length >= LEAST_REDACTED);
  // Longest first: a secret that begins with another is replaced as a whole.
  forms.sort((one, other) => other.length - one.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '[secret]'), redactKeys(text));
}

/** The forms in which a program may print a secret: whole, line by line, and each of these JSON-escaped. */
function formsOf(secret: string): string[] {
  const texts = [secret, ...secret.split('\n').map((line) => line.trim())];
  return texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
}

type LogOptions = {
  readonly level: string;
  /** Formats a line for a terminal; null keeps JSON. */
  readonly pretty: ((line: string) => string) | null;
  readonly write: (line: string) => void;
  readonly redact: Redact;
};

/** The formatter for a terminal. Loaded on demand, so that other starts do not pay for it. */
export async function loadPretty(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, ignore: 'pid,hostname' });
  return (line) => pretty(JSON.parse(line, printableAt));
}

/** Only `stack` may keep its line breaks, because its lines are indented. */
const printableAt = (name: string, value: unknown): unknown => {
  if (typeof value === 'string') return name === 'stack' ? printableLines(value) : printable(value);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), inner]));
};

/** A logger of JSON lines, or of formatted lines at a terminal. Secrets are redacted just before `write`. */
export function createLog(options: LogOptions): Log {
  const sink: DestinationStream = {
    write(line: string) {
      const safe = options.redact(line);
      const shown = printableJson(safe);
      options.write(options.pretty?.(shown) ?? shown);
    },
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
