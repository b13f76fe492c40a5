/** A row of a table. It spans several lines when a cell contains line breaks. */
export type Row = {
  readonly cells: readonly string[];
  /** The column at which each cell begins; only for columns aligned with blanks. */
  readonly offsets?: readonly number[];
  /** Whether blanks follow the separators, as in a sentence. */
  readonly isLoose: boolean;
  /** Whether the line begins with a bar. Then even one column is a table. */
  readonly isFramed: boolean;
};

const bare = (cell: string): string => cell.trim().replaceAll(/^[`*"']{1,4}|[`*"']{1,4}$/g, '');

/**
 * Rows of CSV (https://www.rfc-editor.org/rfc/rfc4180) with any separator. A blank line has no cells; an unclosed quote
 * is an ordinary character.
 */
export function* separatedRows(text: string, separator: string): Generator<Row> {
  const special = new RegExp(`[${separator}\\n]`, 'g');
  let cells: string[] = [];
  let isLoose = false;
  let at = 0;
  let lastQuote = text.lastIndexOf('"');
  while (at <= text.length) {
    let end: number | undefined;
    if (text[at] === '"' && at < lastQuote) {
      const closed = closingQuote(text, at);
      if (closed === undefined) lastQuote = at;
      else if (
        /^[^\S\n]*(?:$|\n)/.test(text.slice(closed, closed + 80)) ||
        text.slice(closed, closed + 2).includes(separator)
      )
        end = closed;
    }
    special.lastIndex = end ?? at;
    const stop = special.exec(text)?.index ?? text.length;
    cells.push(
      end === undefined ? bare(text.slice(at, stop)) : text.slice(at + 1, end - 1).replaceAll('""', '"'),
    );
    at = stop + 1;
    if (text[stop] === separator) {
      const blanks = separator === '\t' ? 0 : (/^ */.exec(text.slice(at, at + 40))?.[0].length ?? 0);
      isLoose ||= blanks > 0;
      at += blanks;
      continue;
    }
    yield { cells: cells.length === 1 && cells[0] === '' ? [] : cells, isLoose, isFramed: false };
    cells = [];
    isLoose = false;
  }
}

/** The index after the quote that closes the one at `from`. */
function closingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at + 1;
  }
  return undefined;
}

const frame = /^[\s|+:=\u2500-\u257f-]*$/;

/** Rows of Markdown, psql and MySQL tables: cells between bars. Ruled lines are skipped. */
export function* barredRows(text: string): Generator<Row> {
  for (const line of text.split('\n')) {
    const isFrame = line.trim() !== '' && frame.test(line);
    if (isFrame) continue;
    const inner = line.trim().replaceAll('\u2502', '|');
    if (!inner.includes('|')) {
      yield { cells: inner === '' ? [] : [inner], isLoose: false, isFramed: false };
      continue;
    }
    const isFramed = inner.startsWith('|');
    const cells = inner.slice(isFramed ? 1 : 0, inner.endsWith('|') ? -1 : undefined).split(/(?<!\\)\|/);
    yield { cells: cells.map(bare), isLoose: false, isFramed };
  }
}

/** Rows of `kubectl` and `column -t`: at least two blanks between cells. */
export function* alignedRows(text: string): Generator<Row> {
  for (const line of text.split('\n')) {
    if (line.trim() !== '' && frame.test(line)) continue;
    const found = [...line.matchAll(/\S+(?: \S+)*/g)];
    yield {
      cells: found.map(([cell]) => bare(cell)),
      offsets: found.map(({ index }) => index),
      isLoose: false,
      isFramed: false,
    };
  }
}

/** HTML table rows as lines, with tabs between the cells. */
export const htmlRows = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/<\/tr\s?>|<tr\b[^<>]{0,300}>/gi, '\n')
    .replaceAll(/<\/t[dh]\s?>/gi, '\t')
    .replaceAll(/<[^<>]{0,300}>/g, '')
    .replaceAll(/ ?\t ?|^ +/gm, '\t')
    .replaceAll(/^\t|\t$/gm, '');
