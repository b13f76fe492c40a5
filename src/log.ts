import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { anyKey } from './token-shape.ts';

export type Log = Logger;

export const redactKeys = (text: string): string => text.replace(anyKey, '[key]');

/** Logs to `write`, as JSON lines or, for a person at a terminal, pretty; keys are redacted at the sink. */
export function createLog(options: { level: string; pretty: boolean; write: (line: string) => void }): Log {
  const pretty = options.pretty ? prettyFactory({ colorize: true, ignore: 'pid,hostname' }) : undefined;
  const sink: DestinationStream = {
    write(line: string) {
      const safe = redactKeys(line);
      options.write(pretty ? pretty(safe) : safe);
    },
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
