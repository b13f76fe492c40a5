import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/fresh-start.ts';

const { rows } = JSON.parse(readFileSync(join(root, 'proof/scorecard.json'), 'utf8'));
const row = (id: string) => rows.find((each: { id: string }) => each.id === id);
const page = readFileSync(join(root, 'docs/proof.md'), 'utf8').replaceAll(/\s+/g, ' ');

const control = row('durability.power-cut-control');
const slow = row('load.slow-clients');
const { acceptedP99Ms, slowestHealthzMs } = row('load.overload').measured;
const [passed, scored] = row('conformance.2025-11-25').measured.passed.match(/\d+/g).map(Number);

/** What a page says in a sentence, and the scorecard in a number. */
const quoted = [
  `${control.measured.cuts_that_lost} of ${control.trials} power cuts lost`,
  `is answered in ${(acceptedP99Ms / 1000).toFixed(1)} s (p99)`,
  `has waited up to ${Math.round(slowestHealthzMs / 1000)} s`,
  `${slow.trials.toLocaleString('en-US')} half-open connections`,
  `from ${Math.round(slow.measured.goodP99MsBefore)} to ${Math.round(slow.measured.goodP99MsDuring)} ms at p99`,
  `${scored - passed} scenarios of the conformance suite of 2025-11-25`,
];

test.each(quoted)('the page on proof says: %s', (sentence) => {
  expect(page).toContain(sentence);
});

test('the page says why each row that is missed is missed', () => {
  const missed = rows.filter(({ verdict }: { verdict: string }) => verdict === 'missed');
  const [, reasons = ''] = /## What is missed(.+)## The scorecard/.exec(page) ?? [];
  expect(missed.filter(({ id }: { id: string }) => !reasons.includes(`\`${id}\``))).toEqual([]);
});
