/** The value that the fraction `part` of the values does not exceed, to a tenth; 0 of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}

/** Under names such as `denialP50Ms`. */
export const spreadOf = (name: string, values: readonly number[]): Record<string, number> => ({
  [`${name}P50Ms`]: percentile(values, 0.5),
  [`${name}P99Ms`]: percentile(values, 0.99),
  [`${name}MaxMs`]: percentile(values, 1),
});
