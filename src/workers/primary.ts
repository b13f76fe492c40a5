import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import { createCounts } from './counts.ts';
import { isMessage, type Message } from './message.ts';

/** A worker that ended is replaced after this pause, so that one that cannot live does not take the machine. */
const PAUSE_MS = 1000;

/** The process that starts the workers. It answers no request itself; it passes on what they tell each other. */
export type Primary = Fleet & {
  /** Resolves with the port once all accept requests. @throws where one ends before that */
  start(size: number, env: Readonly<Record<string, string>>, log: Log): Promise<number>;
  /** Lets each finish what is under way. */
  stop(): Promise<void>;
};

export function createPrimary(): Primary {
  const { counts, hear } = createCounts();
  let stopping = false;
  const living = (): Worker[] =>
    Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const send = (worker: Worker | undefined, message: Message): void => {
    if (worker?.isConnected()) worker.send(message);
  };

  function relay(from: Worker, message: Message): void {
    const workers = living();
    switch (message.kind) {
      case 'counts':
        hear(message.added);
        for (const worker of workers) if (worker !== from) send(worker, message);
        return;
      case 'ask':
        for (const worker of workers) send(worker, message);
        return;
      case 'report':
        send(cluster.workers?.[message.asker], { ...message, of: workers.length });
        return;
      case 'stop':
        return;
    }
  }

  return {
    size: 1,
    counts,
    reports: (own) => async () => [await own()],
    async start(size, env, log) {
      cluster.on('message', (worker, message) => {
        if (isMessage(message)) relay(worker, message);
      });
      const [port = 0] = await Promise.all(Array.from({ length: size }, () => listening(cluster.fork(env))));
      cluster.on('exit', (worker, code, signal) => {
        if (stopping) return;
        log.error({ pid: worker.process.pid, code, signal }, 'a worker ended; another takes its place');
        setTimeout(() => {
          if (!stopping) cluster.fork(env);
        }, PAUSE_MS);
      });
      return port;
    },
    async stop() {
      stopping = true;
      const ended = living().map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
      for (const worker of living()) send(worker, { kind: 'stop' });
      await Promise.all(ended);
    },
  };
}

function listening(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', () => reject(new Error('a worker ended before it accepted requests')));
  });
}
