import { type DestinationStream, type Logger, pino } from 'pino';
import { redactKeys } from './token-shape.ts';

export type Log = Logger;

/** Takes keys out of a text, and the `secrets` that do not look like one. */
export const createRedactor =
  (secrets: readonly (string | null)[]) =>
  (text: string): string =>
    secrets.reduce<string>(
      (rest, secret) => (secret ? rest.replaceAll(secret, '[secret]') : rest),
      redactKeys(text),
    );

type LogOptions = {
  readonly level: string;
  /** Makes a line pleasant for a person; null leaves it JSON. */
  readonly pretty: ((line: string) => string) | null;
  readonly write: (line: string) => void;
  readonly secrets?: readonly (string | null)[];
};

/** For a person at a terminal; nobody else pays for loading it. */
export async function loadPretty(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({ colorize: true, ignore: 'pid,hostname' });
}

/** Logs to `write`, as JSON lines or, for a person at a terminal, pretty; keys and `secrets` are redacted at the sink. */
export function createLog(options: LogOptions): Log {
  const redact = createRedactor(options.secrets ?? []);
  const sink: DestinationStream = {
    write(line: string) {
      const safe = redact(line);
      options.write(options.pretty?.(safe) ?? safe);
    },
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
