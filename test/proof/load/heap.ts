import { onTestFinished } from 'vitest';

/** The environment of a program whose heap can be looked into. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** The heap of a program that was started so. */
export type Heap = {
  /** What is still held once all that nobody holds is gone. */
  heldBytes(): Promise<number>;
  /** A program that ends waits for its debugger. */
  close(): void;
};

/** @param said what the program wrote on standard error, which names the address */
export async function openHeap(said: string): Promise<Heap> {
  const address = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(said)?.[0];
  if (address === undefined) throw new Error(`no inspector in: ${said}`);
  const socket = new WebSocket(address);
  onTestFinished(() => socket.close());
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  let lastId = 0;
  const ask = (method: string): Promise<Record<string, number>> =>
    new Promise((resolve) => {
      lastId += 1;
      const id = lastId;
      const hear = ({ data }: MessageEvent) => {
        const message = JSON.parse(String(data));
        if (message.id !== id) return;
        socket.removeEventListener('message', hear);
        resolve(message.result);
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id, method }));
    });
  return {
    close: () => socket.close(),
    async heldBytes() {
      // The first lets finalisers run, whose objects only the second takes.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      return Number((await ask('Runtime.getHeapUsage')).usedSize);
    },
  };
}
