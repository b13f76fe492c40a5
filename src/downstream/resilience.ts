import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhenResult,
  type IBackoff,
  type IPolicy,
  noop,
  retry,
  wrap,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';

/** The result of one attempt. An outage counts towards the circuit breaker; a transient failure may be retried. */
export type Outcome<Value> =
  | { readonly value: Value }
  | { readonly failure: AppError; readonly isOutage: boolean; readonly isTransient: boolean };

/** Retries for repeatable requests, and one circuit breaker per `Key`: one tenant's failures never block another. */
type Resilience<Key, Value> = {
  /**
   * Runs `attempt` under the key's breaker.
   *
   * @throws the failure of the attempt
   * @throws DOWNSTREAM_FAILED, without sending, while the circuit is open
   */
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

export function createResilience<Key extends string, Value>(
  retries: number,
  elapsed: Clock['elapsed'],
): Resilience<Key, Value> {
  const breakers = new LRUCache<Key, IPolicy>({ max: MOST_BREAKERS });
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
    const known = breakers.get(key);
    if (known !== undefined) return known;
    const breaker = newBreaker(elapsed);
    breakers.set(key, breaker);
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

const newBreaker = (elapsed: Clock['elapsed']): IPolicy =>
  circuitBreaker(
    handleWhenResult((outcome) => isOutcome(outcome) && outcome.isOutage === true),
    { halfOpenAfter: { next: () => openPeriod(elapsed) }, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );

/**
 * cockatiel compares this duration with the machine's clock, which may be set back. An infinite duration keeps its
 * comparison from deciding: `elapsed` decides.
 */
function openPeriod(elapsed: Clock['elapsed']): IBackoff<unknown> {
  const openedAt = elapsed();
  return {
    get duration() {
      return elapsed() - openedAt < OPEN_MS ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    },
    next: () => openPeriod(elapsed),
  };
}

const isOutcome = (value: unknown): value is { isOutage?: boolean; isTransient?: boolean } =>
  typeof value === 'object' && value !== null;

function explainOpenCircuit(thrown: unknown): never {
  if (!(thrown instanceof BrokenCircuitError)) throw thrown;
  throw new AppError('DOWNSTREAM_FAILED', {
    message: 'The platform has failed several times in a row; try again in some seconds.',
    detail: { reason: 'circuit open' },
  });
}
