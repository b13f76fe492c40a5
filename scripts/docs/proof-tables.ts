import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { code, table, whole } from './markdown.ts';

const Row = z.object({
  id: z.string(),
  property: z.string(),
  verdict: z.string(),
  trials: z.number().nullable(),
  unit: z.string().nullable(),
  failures: z.number().nullable(),
  bound95: z.number().nullable(),
  measured: z.looseObject({ passed: z.string().optional() }).nullish(),
});
type Row = z.infer<typeof Row>;

function scorecard(): readonly Row[] {
  const file = join(import.meta.dirname, '../../proof/scorecard.json');
  return z.object({ rows: z.array(Row) }).parse(JSON.parse(readFileSync(file, 'utf8'))).rows;
}

/** What the front page shows: a promise, what was tried, and the rows of the scorecard that are summed up. */
const promises: readonly (readonly [promise: string, unit: string, ids: readonly string[]])[] = [
  [
    'Nothing of another organisation is shown; a foreign id is answered like an absent one',
    'pairs',
    ['isolation.pairs'],
  ],
  ['Callers at once under one JSON-RPC id get their own answers', 'calls', ['isolation.callers']],
  ['After a revocation no process lets the key in', 'revocations', ['revocation.key', 'revocation.workers']],
  ['`kill -9` under load loses nothing that was acknowledged', 'kills', ['durability.killed']],
  ['A power cut (a model of it) neither', 'cuts', ['durability.power-cut']],
  ['Each call leaves exactly one row in the audit', 'calls', ['durability.audit-complete']],
  ['No plaintext of a key is kept anywhere', 'keys', ['secrets.at-rest']],
  [
    'Odd bodies, headers, ids, searches and arguments: no crash, no 500, no hang',
    'requests',
    ['fuzz.bodies', 'fuzz.headers', 'fuzz.organization-ids', 'fuzz.search-texts', 'fuzz.arguments'],
  ],
  [
    'SIGTERM under load: what was accepted is answered',
    'stops',
    ['shutdown.http', 'shutdown.workers', 'shutdown.stdio'],
  ],
];

export function shortProofTable(): string {
  const rows = scorecard();
  const counted = promises.map(([promise, unit, ids]) => {
    const found = ids.map((id) => find(rows, id));
    const trials = sum(found.map((each) => each.trials));
    const failures = sum(found.map((each) => each.failures));
    const bound = failures === 0 ? rate(3 / trials) : '';
    return [promise, `${whole(trials)} ${unit}`, whole(failures), bound];
  });
  const suites = ['2026-07-28', '2025-11-25'].map((revision) => {
    const passed = find(rows, `conformance.${revision}`).measured?.passed ?? '';
    return [`The official conformance suite, ${revision}`, passed, '', ''];
  });
  const missed = rows.filter(({ verdict }) => verdict === 'missed').map(({ id }) => code(id));
  const summary = `${missed.length} of ${rows.length} rows of the scorecard are missed${missed.length === 0 ? '' : `: ${missed.join(', ')}`}.`;
  return `${table(['promise', 'tried', 'failed', 'rate below (95 %)'], [...counted, ...suites])}\n\n${summary}`;
}

export const fullProofTable = (): string =>
  table(
    ['row', 'property', 'verdict', 'tried', 'failed', 'rate below (95 %)'],
    scorecard().map((row) => [
      code(row.id),
      row.property,
      row.verdict === 'met' ? 'met' : `**${row.verdict}**`,
      row.trials === null ? '' : `${whole(row.trials)} ${row.unit ?? ''}`,
      row.failures === null ? '' : whole(row.failures),
      row.bound95 === null ? '' : rate(row.bound95),
    ]),
  );

function find(rows: readonly Row[], id: string): Row {
  const row = rows.find((each) => each.id === id);
  if (row === undefined) throw new Error(`proof/scorecard.json has no row ${id}`);
  return row;
}

const sum = (numbers: readonly (number | null)[]): number =>
  numbers.reduce<number>((total, each) => total + (each ?? 0), 0);

/** `1.5 × 10⁻⁵`, or `0.3 %` from a thousandth upwards. */
function rate(value: number): string {
  if (value >= 0.001) return `${Number((value * 100).toPrecision(2))} %`;
  const [mantissa = '', exponent = ''] = value.toExponential(1).split('e');
  const digits = [...exponent].map((digit) => (digit === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '')));
  return `${Number(mantissa)} × 10${digits.join('')}`;
}
