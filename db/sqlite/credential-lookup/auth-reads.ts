import type Database from 'better-sqlite3';
import { storeCall, storeError } from '../connection/store-call.ts';

/** Answers a question about a credential. Every question sees everything that was committed before it. */
export type AuthReads = <T>(question: () => T) => Promise<T>;

type Waiting = { answer(): void; fail(thrown: unknown): void };

type Around = {
  /** Called in the transaction, before the first question. */
  begin(): void;
  /** Called when all microtasks that the answers started have run. */
  ended(): void;
};

/**
 * Questions of the same event-loop turn share one read transaction. It begins after the last question arrived and ends
 * before any answer is used.
 */
export function createAuthReads(auth: Database.Database, { begin, ended }: Around): AuthReads {
  let waiting: Waiting[] = [];
  const answerAll = auth.transaction((group: readonly Waiting[]) => {
    begin();
    for (const each of group) answerOne(each);
  });

  const flush = async () => {
    const group = waiting;
    waiting = [];
    try {
      await storeCall(auth, () => answerAll(group));
    } catch (thrown) {
      // Answered questions stay answered: a promise resolves once.
      for (const each of group) each.fail(thrown);
    }
    // A tick requested by a microtask runs after all microtasks.
    queueMicrotask(() => process.nextTick(ended));
  };

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      const fail = (thrown: unknown) => reject(storeError(auth, thrown));
      waiting.push({ answer: () => resolve(question()), fail });
    });
}

/** A failing question must not fail the others. */
function answerOne(waiting: Waiting): void {
  try {
    waiting.answer();
  } catch (thrown) {
    waiting.fail(thrown);
  }
}
