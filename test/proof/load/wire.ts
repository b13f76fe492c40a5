import { connect, type Socket } from 'node:net';

/** `200`, or a status with the code of the refusal; `gone` where the connection ended first. */
type Done = (outcome: string, tookMs: number) => void;

export type Wire = {
  readonly connected: Promise<void>;
  /** Writes a request; calls back once, when its answer is whole. Time counts from when the connection is open. */
  send(bytes: string, done: Done): void;
  leave(): void;
};

type Events = {
  /** The answer is whole, and the connection may be used again. */
  readonly onFree: () => void;
  readonly onEnd: (wasConnected: boolean) => void;
};

/** A connection that speaks just enough HTTP to know where an answer ends. */
export function openWire(port: number, { onFree, onEnd }: Events): Wire {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const connected = Promise.withResolvers<void>();
  let text = '';
  let sentMs = 0;
  let done: Done | null = null;
  let wasConnected = false;
  const finish = (outcome: string) => {
    const told = done;
    done = null;
    text = '';
    told?.(outcome, performance.now() - sentMs);
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    if (!isWhole(text)) return;
    const willClose = /^connection: close\r$/im.test(text);
    const outcome = outcomeOf(text);
    if (willClose) socket.destroy();
    else onFree();
    finish(outcome);
  });
  socket.on('connect', () => {
    wasConnected = true;
    sentMs = performance.now();
    connected.resolve();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    onEnd(wasConnected);
    connected.resolve();
    if (done !== null) finish(wasConnected ? 'gone' : 'not connected');
  });
  return {
    connected: connected.promise,
    send(bytes, callBack) {
      done = callBack;
      sentMs = performance.now();
      socket.write(bytes);
    },
    leave: () => void socket.destroy(),
  };
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length - headEnd - 4 >= Number(length);
  return !/\r\ntransfer-encoding: chunked/i.test(head) || text.endsWith('\r\n0\r\n\r\n');
}

function outcomeOf(text: string): string {
  const status = text.slice(9, 12);
  if (status.startsWith('2')) return status;
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? 'without a code';
  const isUnexplained = status === '503' && !/\r\nretry-after: \d+\r/i.test(text);
  return `${status} ${code}${isUnexplained ? ' without Retry-After' : ''}`;
}
