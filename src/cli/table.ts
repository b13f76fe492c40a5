import stringWidth from 'string-width';
import { printable } from '../secrets/printable.ts';

const characters = new Intl.Segmenter();

/** `text` in at most `longest` columns and code points; the last one says where it was cut. */
export function shortened(text: string, longest: number): string {
  const fits = (some: string) => [...some].length <= longest && stringWidth(some) <= longest;
  if (fits(text)) return text;
  let kept = '';
  for (const { segment } of characters.segment(text)) {
    if (!fits(`${kept}${segment}…`)) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The header and the rows as lines whose columns are aligned in a terminal, where a character of Han takes two. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => sized(printable(cell))));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.width ?? 0)));
  return cells.map((row) =>
    row
      .map(({ text, width }, column) => text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width)))
      .join('  ')
      .trimEnd(),
  );
}

const sized = (text: string) => ({ text, width: stringWidth(text) });
