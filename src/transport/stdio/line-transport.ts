import { PassThrough, type Readable, type Writable } from 'node:stream';
import { AppError, toAppError } from '../../errors.ts';
import { parseStrictJson } from '../http/wire/read-body.ts';

/** JSON-RPC over a pair of streams, one message a line (https://modelcontextprotocol.io/specification, stdio). */
export type LineTransport = {
  /** Calls `onLine` for each line in order, waiting for it, until the input ends or `stopRequested` resolves. */
  read(
    onLine: (body: unknown, error: AppError | null) => Promise<void>,
    stopRequested?: Promise<void>,
  ): Promise<'ended' | 'stopped'>;
  write(message: unknown): void;
};

const MOST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export function createLineTransport(input: Readable, output: Writable): LineTransport {
  return {
    write: (message) => void output.write(`${JSON.stringify(message)}\n`),
    async read(onLine, stopRequested = new Promise(() => {})) {
      const { taken, isCut } = until(stopRequested, input);
      for await (const line of linesOf(taken)) {
        if (line !== null && line.toString('utf8').trim() === '') continue;
        const { body, error } = parseLine(line);
        await onLine(body, error);
      }
      return isCut() ? 'stopped' : 'ended';
    },
  };
}

/** The input until then. The rest is ignored: else the process would wait for more input. */
function until(stopRequested: Promise<void>, input: Readable) {
  const taken = new PassThrough();
  let cut = false;
  input.once('error', (error) => taken.destroy(error)).pipe(taken);
  // An input that is closed before its end ends too.
  input.once('close', () => taken.end());
  void stopRequested.then(() => {
    cut = true;
    input.unpipe(taken).destroy();
    taken.end();
  });
  return { taken, isCut: () => cut };
}

/** `null` means a line that is longer than a message may be. */
async function* linesOf(input: Readable): AsyncGenerator<Buffer | null> {
  let rest = Buffer.alloc(0);
  let skipping = false;
  for await (const chunk of input) {
    rest = Buffer.concat([rest, Buffer.from(chunk)]);
    for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE)) {
      const line = rest.subarray(0, at);
      rest = rest.subarray(at + 1);
      if (skipping || line.length > MOST_LINE_BYTES) yield null;
      else yield line;
      skipping = false;
    }
    if (rest.length > MOST_LINE_BYTES) {
      skipping = true;
      rest = Buffer.alloc(0);
    }
  }
}

function parseLine(line: Buffer | null): { body: unknown; error: AppError | null } {
  try {
    if (line === null) throw new AppError('BODY_TOO_LARGE');
    return { body: parseStrictJson(line, 'INVALID_REQUEST'), error: null };
  } catch (thrown) {
    return { body: undefined, error: toAppError(thrown) };
  }
}
