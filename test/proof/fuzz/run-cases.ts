import fc from 'fast-check';
import { depth } from '../support/depth.ts';

/** A case that broke a promise says how; undefined is a case that did not. */
export type Attempt<Case> = (each: Case) => Promise<string | undefined>;

/** A case shows itself as the bytes that are sent; `base64 -d` gives them back. */
type Sendable = { readonly bytes: Buffer };

type Plan<Case extends Sendable> = {
  readonly id: string;
  readonly cases: fc.Arbitrary<Case>;
  readonly count: number;
  readonly width: number;
};

const CHUNK = 250;
const MOST_FAILURES = 100;
const SHORTENED = 3;

/** `count` generated cases, `width` at a time; the failures, the first of them in their shortest form. */
export async function runCases<Case extends Sendable>(plan: Plan<Case>, attempt: Attempt<Case>) {
  const first = seedOf(plan.id);
  const failures: string[] = [];
  for (let done = 0; done < plan.count && failures.length < MOST_FAILURES; done += CHUNK) {
    const seed = first + done;
    const numRuns = Math.min(CHUNK, plan.count - done);
    const failed = await runChunk(fc.sample(plan.cases, { seed, numRuns }), plan.width, attempt);
    if (failed.length === 0) continue;
    const isShortened = failures.length < SHORTENED;
    const shortest = isShortened ? await shorten(plan, attempt, seed, numRuns) : undefined;
    if (shortest !== undefined) failures.push(shortest);
    failures.push(...failed.map(([each, why]) => `seed ${seed}: ${why} <- ${shown(each)}`));
  }
  return { failures, seed: first };
}

async function runChunk<Case>(cases: readonly Case[], width: number, attempt: Attempt<Case>) {
  const failed: [Case, string][] = [];
  const queue = cases.values();
  const run = async () => {
    for (const each of queue) {
      const why = await attempt(each);
      if (why !== undefined) failed.push([each, why]);
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return failed;
}

/** The same seed gives the same cases, one after the other this time, so that fast-check can shrink the first. */
async function shorten<Case extends Sendable>(
  plan: Plan<Case>,
  attempt: Attempt<Case>,
  seed: number,
  numRuns: number,
) {
  let last = '';
  const property = fc.asyncProperty(plan.cases, async (each) => {
    const why = await attempt(each);
    if (why !== undefined) last = `${why} <- ${shown(each)}`;
    return why === undefined;
  });
  const { failed } = await fc.check(property, { seed, numRuns, interruptAfterTimeLimit: 10_000 });
  return failed ? `seed ${seed}, shortest: ${last}` : undefined;
}

const LONGEST = 3000;

function shown({ bytes }: Sendable): string {
  const text = bytes.toString('base64');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${bytes.length} bytes)` : text;
}

/** Another one in each full run, where much is tried; else always the same. FUZZ_SEED repeats a run. */
function seedOf(id: string): number {
  if (process.env.FUZZ_SEED !== undefined) return Number(process.env.FUZZ_SEED);
  return depth === 'full' ? Date.now() % 1_000_000_000 : id.length * 7919;
}
