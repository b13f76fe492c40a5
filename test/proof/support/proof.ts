import { expect, type TestContext } from 'vitest';

/** One line of the scorecard. */
export type ProofRow = {
  /** `area.what`, unique over all proofs. */
  readonly id: string;
  /** The promise, in the words of its users. */
  readonly property: string;
  readonly trials: number;
  /** What one trial is, in the plural: `pairs`, `cycles`. */
  readonly unit: string;
  /** Set where there is no rate to bound: every case there is was tried, or one finding was enough. */
  readonly noRate?: true;
  /** One line for each trial that broke the promise. */
  readonly failures: readonly string[];
  /** What was measured on the way; names carry their units. */
  readonly measured?: Readonly<Record<string, number | string>>;
  /** What the number cannot tell. */
  readonly note?: string;
};

export type UnmeasuredRow = Pick<ProofRow, 'id' | 'property'> & { readonly why: string };

declare module 'vitest' {
  interface TaskMeta {
    proof?: (ProofRow | UnmeasuredRow)[];
  }
}

const SHOWN_FAILURES = 10;

/** Puts the row on the scorecard, then fails the test if the promise was broken, or never tried. */
export function prove({ task }: TestContext, row: ProofRow): void {
  task.meta.proof = [...(task.meta.proof ?? []), row];
  expect(
    row.failures.slice(0, SHOWN_FAILURES),
    `${row.failures.length} of ${row.trials} ${row.unit}`,
  ).toEqual([]);
  expect(row.trials, `${row.unit} tried`).toBeGreaterThan(0);
}

/** Says on the scorecard that this machine cannot measure a row, and why; it never counts as met. */
export function notMeasured({ task }: TestContext, row: UnmeasuredRow): void {
  task.meta.proof = [...(task.meta.proof ?? []), row];
}
