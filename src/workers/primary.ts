import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import type { Log } from '../log.ts';
import { createCounts } from './counts.ts';
import type { Fleet } from './fleet.ts';
import { isMessage, type Message } from './message.ts';

/** A worker that ended is replaced after this pause, so that one that cannot live does not take the machine. */
const PAUSE_MS = 1000;
/** A worker finishes what is under way in 10 s; one that has not ended by then never will. */
const STOP_MS = 15_000;

/** The process that starts the workers. It answers no request itself; it passes on what they tell each other. */
type Primary = Fleet & {
  /** Resolves with the port once all accept requests. Where one ends before that, all end, and it throws. */
  start(size: number, bootstrapCode: string, log: Log): Promise<number>;
  /** Lets each finish what is under way. */
  stop(): Promise<void>;
};

export function createPrimary(): Primary {
  const { counts, hear } = createCounts();
  let started = false;
  let stopping = false;

  async function stop(): Promise<void> {
    stopping = true;
    const workers = living();
    const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers) send(worker, { kind: 'stop' });
    const timer = setTimeout(() => killAll(workers), STOP_MS);
    await Promise.all(ended);
    clearTimeout(timer);
  }

  return {
    size: 1,
    counts,
    reports: (own) => async () => [await own()],
    async start(size, bootstrapCode, log) {
      cluster.on('message', (worker, message) => {
        if (!isMessage(message)) return;
        if (message.kind === 'join') send(worker, { kind: 'welcome', bootstrapCode });
        else if (message.kind === 'counts') hear(message.added);
        relay(worker, message);
      });
      cluster.on('exit', (worker, code, signal) => {
        if (!started || stopping) return;
        log.error({ pid: worker.process.pid, code, signal }, 'a worker ended; another takes its place');
        setTimeout(() => {
          if (!stopping) cluster.fork();
        }, PAUSE_MS).unref();
      });
      try {
        const workers = Array.from({ length: size }, () => cluster.fork());
        const [port = 0] = await Promise.race([Promise.all(workers.map(listening)), anyExit()]);
        started = true;
        return port;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}

const killAll = (workers: readonly Worker[]): void => {
  for (const worker of workers) worker.process.kill('SIGKILL');
};

const living = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);

function send(worker: Worker | undefined, message: Message): void {
  if (worker?.isConnected()) worker.send(message);
}

/** Counts go to the others, a question to all, and a report to the worker that asked. */
function relay(from: Worker, message: Message): void {
  const workers = living();
  switch (message.kind) {
    case 'counts':
      for (const worker of workers) if (worker !== from) send(worker, message);
      return;
    case 'ask':
      for (const worker of workers) send(worker, message);
      return;
    case 'report':
      send(cluster.workers?.[message.asker], { ...message, of: workers.length });
  }
}

const listening = (worker: Worker): Promise<number> =>
  new Promise((resolve) => worker.once('listening', ({ port }) => resolve(port)));

/** Also of a worker that listens already: with the others still on their way nobody would replace it. */
const anyExit = (): Promise<never> =>
  new Promise((_, reject) => {
    cluster.once('exit', () => reject(new Error('a worker ended before all accepted requests')));
  });
