/** Figures of one part of the bench. A value of null could not be measured on this machine. */
export type Row = { readonly name: string; readonly values: Readonly<Record<string, number | null>> };
export type Table = { readonly title: string; readonly note: string; readonly rows: readonly Row[] };

/** For people; every column is as wide as it must be. */
export function formatTable({ title, note, rows }: Table): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const lines = [
    ['', ...names],
    ...rows.map(({ name, values }) => [name, ...names.map((each) => shown(values[each]))]),
  ];
  const widths = ['', ...names].map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  );
  return [title, '', ...text, '', note, ''].join('\n');
}

function shown(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

export function figureOf({ rows }: Table, name: string, column: string): number | null {
  return rows.find((row) => row.name === name)?.values[column] ?? null;
}
