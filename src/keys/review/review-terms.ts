import { DAY_MS, type KeyStatus } from '../key-record.ts';
import type { KeyView } from '../key-wire.ts';
import type { Observation, ReviewFacts } from './finding.ts';

/** One judgement on one key; undefined where there is nothing to say. */
export type Rule = (key: KeyView, facts: ReviewFacts) => Observation | undefined;

/** A rule that looks only at keys in these states; a key in its grace has its successor already. */
export const forKeys =
  (statuses: readonly KeyStatus[], rule: Rule): Rule =>
  (key, facts) =>
    statuses.includes(key.status) ? rule(key, facts) : undefined;

const quietMs = (key: KeyView, nowMs: number): number => nowMs - (key.lastUsedAtMs ?? key.createdAtMs);

/** Without any use for as long as was asked about. */
export const isQuiet = (key: KeyView, { nowMs, unusedDays }: ReviewFacts): boolean =>
  quietMs(key, nowMs) >= unusedDays * DAY_MS;

export const quietness = (key: KeyView, { nowMs }: ReviewFacts): string =>
  `${key.lastUsedAtMs === null ? 'never used in' : 'not used for'} ${days(quietMs(key, nowMs) / DAY_MS)}`;

export function days(count: number): string {
  const whole = Math.floor(count);
  if (whole === 0) return 'less than a day';
  return whole === 1 ? '1 day' : `${whole} days`;
}
