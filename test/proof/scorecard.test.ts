import { expect, test } from 'vitest';
import { scoreOf, scoreTable } from './support/scorecard.ts';

const row = { id: 'area.what', property: 'nothing leaks', trials: 1000, unit: 'pairs', failures: [] };

test('a zero shows the rate that it cannot rule out: three in the number of trials', () => {
  expect(scoreOf(row)).toMatchObject({ verdict: 'met', failures: 0, bound95: 0.003 });
});

test('a failure, or no trial at all, is never met', () => {
  expect(scoreOf({ ...row, failures: ['x'] })).toMatchObject({
    verdict: 'missed',
    failures: 1,
    bound95: null,
  });
  expect(scoreOf({ ...row, trials: 0 })).toMatchObject({ verdict: 'missed', bound95: null });
});

test('what this machine cannot measure is said so, with the reason', () => {
  const unmeasured = scoreOf({ id: 'a.b', property: 'p', why: 'there is no strace' });
  expect(unmeasured).toMatchObject({ verdict: 'not measured', bound95: null, note: 'there is no strace' });
  expect(scoreTable([unmeasured])).toMatch(/a\.b +not measured +there is no strace/);
});
