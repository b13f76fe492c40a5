import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer on a connection that may stay open, without what differs from one to the next. */
export type KeptAnswer = { readonly head: string; readonly body: string };

/** A connection on which requests are written by hand, one after the other or at once. */
export function openSocket(port: number) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  let isClosed = false;
  let look = (): void => {};
  const notice = (): void => {
    look();
  };
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    notice();
  });
  socket.on('error', () => {}); // It closes then, which is what is asked for.
  socket.on('close', () => {
    isClosed = true;
    notice();
  });

  /** The first answer that has come whole; undefined as long as there is none. */
  const take = (): KeptAnswer | undefined => {
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const head = text.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (text.length < end + 4 + length) return undefined;
    const body = text.slice(end + 4, end + 4 + length);
    text = text.slice(end + 4 + length);
    return { head: withoutIds(head), body: withoutIds(body) };
  };
  return {
    write: (bytes: string): void => void socket.write(bytes, 'latin1'),
    close: (): void => void socket.destroy(),
    /** The next answer; null where the connection ends before it. */
    answer: (): Promise<KeptAnswer | null> =>
      new Promise((resolve) => {
        look = () => {
          const answer = take();
          if (answer === undefined && !isClosed) return;
          look = () => {};
          resolve(answer ?? null);
        };
        look();
      }),
  };
}

const withoutIds = (text: string): string =>
  text
    .replace(/^date: .*\r\n/im, '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '[request id]');
