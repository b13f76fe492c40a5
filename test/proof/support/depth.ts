/** How thoroughly: in `npm run proof -- --ci`, in `npm run proof`, or to see whether a planted bug is caught. */
export type Depth = 'ci' | 'full' | 'planted';

export const depth = readDepth(process.env.PROOF);

function readDepth(value: string | undefined): Depth {
  if (value === undefined) return 'ci';
  if (value === 'full' || value === 'planted') return value;
  throw new Error(`PROOF: expected full or planted, got "${value}"`);
}

/** How often something is tried, at the depth of this run. */
export const trials = (counts: Readonly<Record<Depth, number>>): number => counts[depth];
