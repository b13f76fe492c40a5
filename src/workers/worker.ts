import type { Worker } from 'node:cluster';
import type { Fleet } from '../fleet.ts';
import { createCounts } from './counts.ts';
import { isMessage, type Message } from './message.ts';

const TELL_MS = 50;
const REPORT_MS = 1000;

export type WorkerFleet = Fleet & {
  /** Calls back when the primary wants this process to end. */
  onStop(listener: () => void): void;
};

/** One of several processes that answer on the same port; `size` is how many they are. */
export function joinFleet(self: Worker, size: number): WorkerFleet {
  const { counts, hear, take } = createCounts();
  const waiting = new Map<number, (report: unknown, of: number) => void>();
  let ownReport: () => Promise<unknown> = async () => null;
  let questions = 0;
  let onStop = () => {};
  const send = (message: Message): void => {
    if (self.isConnected()) self.send(message);
  };

  async function receive(message: Message): Promise<void> {
    switch (message.kind) {
      case 'counts':
        return hear(message.added);
      case 'ask':
        return send({ ...message, kind: 'report', of: 0, report: await ownReport() });
      case 'report':
        return waiting.get(message.question)?.(message.report, message.of);
      case 'stop':
        tell();
        return onStop();
    }
  }
  self.on('message', (message: unknown) => {
    if (isMessage(message)) void receive(message);
  });
  const tell = () => {
    const added = take();
    if (added.length > 0) send({ kind: 'counts', added });
  };
  setInterval(tell, TELL_MS).unref();

  function ask(): Promise<readonly unknown[]> {
    questions += 1;
    const question = questions;
    return new Promise((resolve) => {
      const reports: unknown[] = [];
      const end = () => {
        clearTimeout(timer);
        waiting.delete(question);
        resolve(reports);
      };
      const timer = setTimeout(end, REPORT_MS);
      waiting.set(question, (report, of) => {
        reports.push(report);
        if (reports.length === of) end();
      });
      send({ kind: 'ask', asker: self.id, question });
    });
  }

  return {
    size,
    counts,
    reports(own) {
      ownReport = own;
      return ask;
    },
    onStop(listener) {
      onStop = listener;
    },
  };
}
