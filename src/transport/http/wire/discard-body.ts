import type { IncomingMessage } from 'node:http';

/** What is thrown away of a body at most, and for how long it is waited for (bytes, milliseconds). */
const MOST_BYTES = 1024 * 1024;
const LONGEST_MS = 500;

/**
 * Takes what is left of a body off the connection, which can then be kept. A refusal that is found before the body has
 * come would else end the connection, and one that takes longer to find would not: that tells them apart.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.destroyed) return Promise.resolve();
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) return Promise.resolve();
  return new Promise((resolve) => {
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > MOST_BYTES) stop();
    };
    const stop = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', stop).off('close', stop).pause();
      resolve();
    };
    // On a machine that is busy the bytes may be there when the time is up: they are looked at first.
    const timer = setTimeout(() => setImmediate(() => setImmediate(stop)), LONGEST_MS);
    request.on('data', onData).once('end', stop).once('close', stop);
  });
}
