import type Database from 'better-sqlite3';
import { requireStore, storeError } from './store-call.ts';

/** Answers a question about a credential from the store; every question sees all that was committed before it. */
export type AuthReads = <T>(question: () => T) => Promise<T>;

type Waiting = { answer(): void; fail(thrown: unknown): void };

type Around = {
  /** Called in the transaction, before the first question. */
  begin(): void;
  /** Called when all that the answers set in motion at once has come to its end. */
  settled(): void;
};

/**
 * Questions that arrive in the same turn of the event loop share one read transaction, which begins after the last
 * of them came and ends before any answer is used.
 */
export function createAuthReads(auth: Database.Database, { begin, settled }: Around): AuthReads {
  let waiting: Waiting[] = [];
  const answerAll = auth.transaction((group: readonly Waiting[]) => {
    begin();
    for (const each of group) answerOne(each);
  });

  const flush = () => {
    const group = waiting;
    waiting = [];
    try {
      requireStore(auth);
      answerAll(group);
    } catch (thrown) {
      // Whoever was answered before the failure stays answered: a promise settles once.
      for (const each of group) each.fail(thrown);
    }
    // A tick that is asked for by a microtask comes after all microtasks.
    queueMicrotask(() => process.nextTick(settled));
  };

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      const fail = (thrown: unknown) => reject(storeError(auth, thrown));
      waiting.push({ answer: () => resolve(question()), fail });
    });
}

/** A question that fails is nobody else's failure. */
function answerOne(waiting: Waiting): void {
  try {
    waiting.answer();
  } catch (thrown) {
    waiting.fail(thrown);
  }
}
