import type { Worker } from 'node:cluster';
import { createCounts } from './counts.ts';
import type { Fleet } from './fleet.ts';
import { isMessage, type Message } from './message.ts';

const TELL_MS = 50;
const REPORT_MS = 1000;

export type WorkerFleet = Fleet & {
  /** What the primary shows its operator. */
  readonly bootstrapCode: string;
  /** Calls back when the primary wants this process to end, also where it wanted that already. */
  onStop(listener: () => void): void;
  /** Tells what is left to tell, and lets go of the primary. */
  leave(): void;
};

/** One of several processes that answer on the same port; `size` is how many they are. */
export function joinFleet(self: Worker, size: number): Promise<WorkerFleet> {
  const { counts, hear, take } = createCounts();
  const waiting = new Map<number, (report: unknown, of: number) => void>();
  const stop = Promise.withResolvers<void>();
  const welcome = Promise.withResolvers<WorkerFleet>();
  let ownReport: () => Promise<unknown> = async () => null;
  let questions = 0;
  const send = (message: Message): void => {
    if (self.isConnected()) self.send(message);
  };
  const tell = (): void => {
    const added = take();
    if (added.length > 0) send({ kind: 'counts', added });
  };

  async function receive(message: Message): Promise<void> {
    switch (message.kind) {
      case 'welcome':
        return welcome.resolve(fleetWith(message.bootstrapCode));
      case 'counts':
        return hear(message.added);
      case 'ask':
        return send({ ...message, kind: 'report', of: 0, report: await ownReport() });
      case 'report':
        return waiting.get(message.question)?.(message.report, message.of);
      case 'stop':
        return stop.resolve();
      case 'join':
        return;
    }
  }

  function ask(): Promise<readonly unknown[]> {
    questions += 1;
    const question = questions;
    return new Promise((resolve) => {
      const reports: unknown[] = [];
      const end = () => {
        clearTimeout(timer);
        waiting.delete(question);
        // One that has just joined has nothing to report yet.
        resolve(reports.filter((report) => report !== null));
      };
      const timer = setTimeout(end, REPORT_MS);
      waiting.set(question, (report, of) => {
        reports.push(report);
        if (reports.length === of) end();
      });
      send({ kind: 'ask', asker: self.id, question });
    });
  }

  const fleetWith = (bootstrapCode: string): WorkerFleet => ({
    size,
    bootstrapCode,
    counts,
    reports(own) {
      ownReport = own;
      return ask;
    },
    onStop: (listener) => void stop.promise.then(listener),
    leave() {
      tell();
      self.disconnect();
    },
  });

  self.on('message', (message: unknown) => {
    if (isMessage(message)) void receive(message);
  });
  setInterval(tell, TELL_MS).unref();
  send({ kind: 'join' });
  return welcome.promise;
}
