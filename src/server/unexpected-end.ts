import type { Log } from '../log.ts';

/** Where writing the log is what fails, it would have no end. */
const MOST_NOTED = 100;

/** A stop lets what is under way end for 10 s; what has not ended by then keeps the process no longer. */
const LONGEST_STOP_MS = 15_000;

type UnexpectedEnd = {
  /** Where the reason goes; before it is known, to `err`. */
  logTo(log: Log): void;
  /** Resolves when something failed; the server that waits for it stops cleanly. */
  stopRequested(): Promise<void>;
  /** Call it with each uncaught error. */
  note(thrown: unknown): void;
  hasFailed(): boolean;
};

type Process = { readonly err: (line: string) => void; readonly exit: (code: 1) => void };

/**
 * An error that nobody caught leaves the program in a state that nobody knows: it says so, answers what is under way,
 * and ends with 1. Where nothing is served it ends at once.
 */
export function createUnexpectedEnd({ err, exit }: Process): UnexpectedEnd {
  const failure = Promise.withResolvers<void>();
  let log: Log | undefined;
  let isServing = false;
  let hasFailed = false;
  let noted = 0;
  return {
    logTo: (given) => {
      log = given;
    },
    stopRequested() {
      isServing = true;
      return failure.promise;
    },
    note(thrown) {
      noted += 1;
      if (noted > MOST_NOTED) return;
      const reason = describe(thrown);
      if (log === undefined) err(`tenantry: an error that nobody caught: ${reason.message}`);
      else log.fatal(reason, 'an error that nobody caught; this process stops');
      if (!isServing) return exit(1);
      if (!hasFailed) setTimeout(() => exit(1), LONGEST_STOP_MS).unref();
      hasFailed = true;
      failure.resolve();
    },
    hasFailed: () => hasFailed,
  };
}

/** Other fields of an error may hold what was sent. */
function describe(thrown: unknown) {
  if (!(thrown instanceof Error)) return { name: typeof thrown, message: 'no error was thrown, but a value' };
  return { name: thrown.name, message: thrown.message, stack: thrown.stack };
}
