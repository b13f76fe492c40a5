/** One row of a table; a bar or a line break in a cell would end it. */
const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** Text of a program's own, in which no sign is markup. */
export const plain = (text: string): string => text.replaceAll(/[<*]/g, '\\$&');

export const code = (text: string): string => `\`${text}\``;

/** The first lines of a page that nobody edits by hand. */
export const generatedFrom = (source: string): string =>
  `<!-- Made from ${source} by \`npm run docs\`. Edit that, not this page. -->`;

/** Paragraphs, tables and headings, a blank line between them. */
export const page = (parts: readonly string[]): string => `${parts.join('\n\n')}\n`;

/** `1,000,000` */
export const whole = (value: number): string => value.toLocaleString('en-US');

const END = '<!-- end of what `npm run docs` made -->';

/** The page with `made` between its two marks, which say from what it is made. @throws where a mark is missing */
export function withMade(text: string, source: string, made: string): string {
  const start = `<!-- made by \`npm run docs\` from ${source} -->`;
  const [before, ...afterStart] = text.split(start);
  const [, ...after] = afterStart.join(start).split(END);
  if (afterStart.length !== 1 || after.length !== 1) throw new Error(`expected ${start} and ${END}, once`);
  return `${before}${start}\n\n${made}\n\n${END}${after[0]}`;
}
