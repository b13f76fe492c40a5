import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhenResult,
  type IPolicy,
  noop,
  retry,
  wrap,
} from 'cockatiel';
import { AppError } from '../errors.ts';

/** What one try came to. An outage counts against the platform; what is transient may be tried again. */
export type Outcome<Value> =
  | { readonly value: Value }
  | { readonly failure: AppError; readonly isOutage: boolean; readonly isTransient: boolean };

/** Retries of what may be repeated, and a circuit breaker for each `Key`: one tenant cannot shut out another. */
export type Resilience<Key, Value> = {
  /** @throws the failure; DOWNSTREAM_FAILED, nothing sent, while the circuit is open */
  run(
    key: Key,
    isRepeatable: boolean,
    signal: AbortSignal,
    attempt: () => Promise<Outcome<Value>>,
  ): Promise<Value>;
};

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;
const MOST_BREAKERS = 10_000;

export function createResilience<Key, Value>(retries: number): Resilience<Key, Value> {
  const breakers = new Map<Key, IPolicy>();
  const again =
    retries === 0
      ? noop
      : retry(
          handleWhenResult((outcome) => isOutcome(outcome) && outcome.isTransient === true),
          {
            maxAttempts: retries,
            backoff: new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }),
          },
        );

  const breakerOf = (key: Key): IPolicy => {
    const breaker = breakers.get(key) ?? newBreaker();
    // Set anew, it moves to the end: the first of the map is the one unused the longest.
    breakers.delete(key);
    breakers.set(key, breaker);
    if (breakers.size > MOST_BREAKERS) dropOldest(breakers);
    return breaker;
  };

  return {
    async run(key, isRepeatable, signal, attempt) {
      const breaker = breakerOf(key);
      const policy = isRepeatable ? wrap(again, breaker) : breaker;
      const outcome = await policy.execute(attempt, signal).catch(explainOpenCircuit);
      if ('failure' in outcome) throw outcome.failure;
      return outcome.value;
    },
  };
}

const newBreaker = (): IPolicy =>
  circuitBreaker(
    handleWhenResult((outcome) => isOutcome(outcome) && outcome.isOutage === true),
    { halfOpenAfter: OPEN_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );

const isOutcome = (value: unknown): value is { isOutage?: boolean; isTransient?: boolean } =>
  typeof value === 'object' && value !== null;

function explainOpenCircuit(thrown: unknown): never {
  if (!(thrown instanceof BrokenCircuitError)) throw thrown;
  throw new AppError('DOWNSTREAM_FAILED', {
    message: 'The platform has failed several times in a row; try again in some seconds.',
    detail: { reason: 'circuit open' },
  });
}

function dropOldest(map: Map<unknown, unknown>): void {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
