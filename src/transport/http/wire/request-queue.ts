import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that one connection may have sent ahead. */
const MOST_WAITING = 32;

type Queue = { waiting: number; last: Promise<void> };

/**
 * Lets the requests of one connection in one after the other. Node parses all that a client sends ahead at
 * once, and would keep every answer in memory for a client that reads none.
 */
type RequestQueue = {
  /** Whether it is this request's turn; false where the connection has ended. */
  wait(socket: Socket, response: ServerResponse): Promise<boolean>;
};

export function createRequestQueue(): RequestQueue {
  const queues = new WeakMap<Socket, Queue>();
  return {
    async wait(socket, response) {
      const queue = queues.get(socket) ?? { waiting: 0, last: Promise.resolve() };
      queues.set(socket, queue);
      const previous = queue.last;
      queue.last = new Promise((resolve) => response.once('close', resolve));
      queue.waiting += 1;
      if (queue.waiting > MOST_WAITING) socket.destroy();
      await previous;
      queue.waiting -= 1;
      return !socket.destroyed;
    },
  };
}
