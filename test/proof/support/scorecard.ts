import type { ProofRow, UnmeasuredRow } from './proof.ts';

/** A line of `proof/scorecard.json`. */
export type ScoreRow = {
  readonly id: string;
  readonly property: string;
  readonly verdict: 'met' | 'missed' | 'not measured';
  readonly trials: number;
  readonly unit: string;
  readonly failures: number;
  /**
   * The rate of failure that 0 in n cannot rule out with 95 % confidence: 3/n. Null where something failed, and
   * where there is no rate.
   */
  readonly bound95: number | null;
  readonly measured: Readonly<Record<string, number | string>>;
  readonly note: string | null;
};

export function scoreOf(row: ProofRow | UnmeasuredRow): ScoreRow {
  const { id, property } = row;
  if ('why' in row) {
    const nothing = { trials: 0, unit: '', failures: 0, bound95: null, measured: {} };
    return { id, property, verdict: 'not measured', ...nothing, note: row.why };
  }
  const { trials, unit, failures, noRate = false, measured = {}, note = null } = row;
  const isMet = failures.length === 0 && trials > 0;
  return {
    id,
    property,
    verdict: isMet ? 'met' : 'missed',
    trials,
    unit,
    failures: failures.length,
    bound95: isMet && !noRate ? Math.min(1, 3 / trials) : null,
    measured,
    note,
  };
}

/** The scorecard as people read it. */
export function scoreTable(rows: readonly ScoreRow[]): string {
  const lines = rows.map(lineOf);
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const shown = [heading, widths.map((width) => '-'.repeat(width)), ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return shown.join('\n');
}

const heading = ['proof', 'verdict', 'tried', 'failed', '95 % bound', 'measured'];

function lineOf(row: ScoreRow): string[] {
  const measured = Object.entries(row.measured).map(([name, value]) => `${name} ${value}`);
  const tried = row.verdict === 'not measured' ? '' : `${row.trials.toLocaleString('en')} ${row.unit}`;
  const failed = row.verdict === 'not measured' ? '' : String(row.failures);
  const bound = row.bound95 === null ? '' : row.bound95.toExponential(1);
  const said = row.verdict === 'not measured' ? (row.note ?? '') : measured.join(', ');
  return [row.id, row.verdict, tried, failed, bound, said];
}
