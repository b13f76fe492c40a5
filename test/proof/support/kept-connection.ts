import { connect, type Socket } from 'node:net';

/** The outcome of one request. Times are `performance.now()`: as the first byte was handed over, as the last one came. */
export type Outcome =
  | {
      readonly answered: true;
      readonly status: number;
      readonly head: string;
      readonly body: string;
      readonly beganMs: number;
      readonly endedMs: number;
    }
  | { readonly answered: false; readonly receivedBytes: number; readonly beganMs: number };

/** A keep-alive connection of a client that sends one request after the other, and tells what it knows of each. */
export type KeptConnection = {
  /** Hands over the whole request at once. */
  send(request: Buffer): Promise<Outcome>;
  /** False once either side has ended it. */
  readonly isOpen: boolean;
  close(): void;
};

type Waiting = { readonly beganMs: number; readonly settle: (outcome: Outcome) => void };

export function openConnection(port: number): Promise<KeptConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(keep(socket));
    });
  });
}

function keep(socket: Socket): KeptConnection {
  let received = '';
  let waiting: Waiting | undefined;
  let isOpen = true;
  const settle = (outcome: Outcome) => {
    const { settle: tell } = waiting ?? {};
    waiting = undefined;
    received = '';
    tell?.(outcome);
  };
  const end = () => {
    isOpen = false;
    if (waiting !== undefined)
      settle({ answered: false, receivedBytes: received.length, beganMs: waiting.beganMs });
    socket.destroy();
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    const whole = readWhole(received);
    if (whole === undefined || waiting === undefined) return;
    if (/^connection: close$/im.test(whole.head)) isOpen = false;
    settle({ answered: true, ...whole, beganMs: waiting.beganMs, endedMs: performance.now() });
  });
  socket.on('error', end).on('end', end).on('close', end);
  return {
    get isOpen() {
      return isOpen;
    },
    send: (request) =>
      new Promise((resolve) => {
        waiting = { beganMs: performance.now(), settle: resolve };
        if (isOpen) socket.write(request);
        else end();
      }),
    close: () => void socket.destroy(),
  };
}

const HEAD_END = '\r\n\r\n';

/** Status, head and body once all is there. An answer with neither a length nor chunks is one that never ends. */
function readWhole(text: string) {
  const at = text.indexOf(HEAD_END);
  if (at === -1) return undefined;
  const head = text.slice(0, at);
  const rest = text.slice(at + HEAD_END.length);
  const status = Number(head.slice(9, 12));
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) return rest.length < Number(length) ? undefined : { status, head, body: rest };
  const body = readChunks(rest);
  return body === undefined ? undefined : { status, head, body };
}

function readChunks(text: string): string | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}
