import { randomInt } from 'node:crypto';

/** Choices that another run can repeat: the seed is in the row, or in `PROOF_SEED`. */
export type Choices = {
  readonly seed: number;
  /** From 0 to below `end`. */
  below(end: number): number;
  /** One of them. */
  of<T>(items: readonly [T, ...T[]]): T;
};

const MOST = 2 ** 32;

/** Mulberry32: a few lines that any other tool can repeat. */
export function choices(seed = Number(process.env.PROOF_SEED ?? randomInt(MOST - 1))): Choices {
  let state = seed;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / MOST;
  };
  const below = (end: number) => Math.floor(fraction() * end);
  return { seed, below, of: (items) => items[below(items.length)] ?? items[0] };
}
