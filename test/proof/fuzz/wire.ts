import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { HANG_MS } from './hang.ts';
import { readAnswer, type WireAnswer } from './read-answer.ts';

/** One keep-alive connection at a time per request; bytes leave as they are given. */
export type Wire = {
  /** The one answer to `bytes`; undefined where the connection ended without one. */
  send(bytes: Buffer, method?: string): Promise<WireAnswer | undefined>;
};

/** A slow machine must not be taken for a server that hangs, so each caller checks `ms` itself. */
const GIVE_UP_MS = 3 * HANG_MS;

/** Connections that are used again for as long as the server keeps them. */
export function createWire(port: number): Wire {
  const idle: Socket[] = [];
  const open = new Set<Socket>();
  onTestFinished(() => open.forEach((socket) => void socket.destroy()));

  const take = (): Socket => {
    for (let socket = idle.pop(); socket !== undefined; socket = idle.pop()) {
      if (!socket.destroyed && !socket.readableEnded) return socket;
    }
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    return socket;
  };

  return {
    send(bytes, method = 'POST') {
      const isHead = method === 'HEAD';
      const socket = take();
      const startedAt = performance.now();
      return new Promise((resolve) => {
        let received: Buffer = Buffer.alloc(0);
        const finish = (answer: Omit<WireAnswer, 'ms'> | undefined, isOver: boolean) => {
          clearTimeout(timer);
          socket.off('data', onData).off('close', onClose);
          if (isOver || answer?.headers.connection === 'close') socket.destroy();
          else idle.push(socket);
          resolve(answer && { ...answer, ms: performance.now() - startedAt });
        };
        const onData = (chunk: Buffer) => {
          received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
          const found = readAnswer(received, false, isHead);
          if (found !== undefined) finish(found.answer, found.length !== received.length);
        };
        const onClose = () => finish(readAnswer(received, true, isHead)?.answer, true);
        const timer = setTimeout(() => finish(undefined, true), GIVE_UP_MS);
        socket.on('data', onData).on('close', onClose);
        socket.write(bytes);
      });
    },
  };
}

/** After so long without a byte a request is taken for one of which a part is missing. */
const QUIET_MS = 40;

export type RawExchange = { readonly answers: readonly WireAnswer[]; readonly isHanging: boolean };

/** `bytes` on a connection of their own, then, after `patienceMs` of silence, its end; every answer that came. */
export function exchangeRaw(port: number, bytes: Buffer, patienceMs: number): Promise<RawExchange> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const startedAt = performance.now();
    let received: Buffer = Buffer.alloc(0);
    const finish = (isHanging: boolean) => {
      clearTimeout(quiet);
      clearTimeout(ending);
      socket.destroy();
      const answers: WireAnswer[] = [];
      const ms = performance.now() - startedAt;
      let rest = received;
      for (let next = readAnswer(rest, true); next !== undefined; next = readAnswer(rest, true)) {
        answers.push({ ...next.answer, ms });
        rest = rest.subarray(next.length);
      }
      resolve({ answers, isHanging });
    };
    let ending: NodeJS.Timeout | undefined;
    const endHere = () => {
      ending = setTimeout(() => finish(true), HANG_MS);
      socket.end();
    };
    let quiet = setTimeout(endHere, patienceMs);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      clearTimeout(quiet);
      const isWhole = readAnswer(received, false) !== undefined;
      quiet = setTimeout(endHere, isWhole ? 3 : QUIET_MS);
    });
    socket.on('error', () => {}).on('close', () => finish(false));
    socket.write(bytes);
  });
}
