import { explains } from '../explained-field.ts';
import type { ReplyNames } from '../reply-names.ts';
import { alignedRows, barredRows, htmlRows, type Row, separatedRows } from './read-table.ts';

const separators = [',', '\t', ';'] as const;
const LONGEST_HEAD = 64;
const around = { isInCode: false, isAssigned: false };
const nothing = /^(?:[\s:=-]*|null|nil|n\/a|\\N|\(null\)|<null>|<none>)$/i;

/**
 * Checks CSV, TSV, Markdown, HTML and blank-aligned tables: whether a column or a row of the organisation holds a
 * foreign cell.
 */
export function namesAnotherInTable(text: string, own: string, names: ReplyNames): boolean {
  const isAnother = (rows: Iterable<Row>): boolean => {
    const table: Table = { own, names, head: undefined, before: undefined, isBroken: false };
    for (const row of rows) if (isAnotherRow(table, row)) return true;
    return false;
  };
  if (!cellOf(names).test(text)) return false;
  if (/<t[dh]\b/i.test(text) && isAnother(separatedRows(htmlRows(text), '\t'))) return true;
  if (!text.includes('\n')) return false;
  if (separators.some((each) => text.includes(each) && isAnother(separatedRows(text, each)))) return true;
  if (/[|\u2502]/.test(text) && isAnother(barredRows(text))) return true;
  if (/\S {2,}\S/.test(text) && isAnother(alignedRows(text))) return true;
  return namesAnotherInColumn(text, own, names);
}

const cells = new WeakMap<ReplyNames, RegExp>();

/** Matches a name that is alone in its cell. */
function cellOf(names: ReplyNames): RegExp {
  const known = cells.get(names);
  if (known !== undefined) return known;
  const before = String.raw`(?:^|[,;\t|\u2502>"'\x60* ])(?:x[-_])?`;
  const behind = String.raw`["'\x60*]{0,4}\s{0,80}(?:$|[,;\t|\u2502<]|(?<=[ ]{2}))`;
  const made = new RegExp(`${before}(?:${names.inTexts.names})${behind}`, 'imu');
  cells.set(names, made);
  return made;
}

type Head = { readonly row: Row; readonly column: number };

/**
 * The state of reading a table row by row. The last row with a name is the header of the rows below, or holds the value
 * beside the name.
 */
type Table = {
  readonly own: string;
  readonly names: ReplyNames;
  head: Head | undefined;
  before: Row | undefined;
  /** A blank line separates the header from the current row. */
  isBroken: boolean;
};

function isAnotherRow(table: Table, row: Row): boolean {
  const { before, head, own, names } = table;
  if (row.cells.length === 0) {
    table.isBroken = true;
    return false;
  }
  const column = row.cells.findIndex((cell) => names.isName(cell));
  const isTable = row.cells.length > 1 || row.isFramed;
  table.before = row;
  if (column === -1) return head !== undefined && isAnotherBelow(table, head, row);
  if (!isTable || !row.cells.every((cell) => isHead(cell, row))) return false;
  // After a row of the same length it is no header.
  if (before?.cells.length === row.cells.length && !before.isLoose)
    return isAnotherBeside(table, row, column);
  const isOurs = row.cells.length === 2 && row.cells[column + 1] === own;
  table.head = isOurs ? undefined : { row, column };
  table.isBroken = false;
  return false;
}

function isAnotherBelow(table: Table, { row: head, column }: Head, row: Row): boolean {
  const { own, names, isBroken } = table;
  const isSame = row.cells.length === head.cells.length;
  if (row.isLoose && !head.isLoose && (isBroken || !isSame)) return false;
  if (!isSame && (isBroken || head.isLoose)) return false;
  if (!isSame && row.cells.length === 1 && !(row.offsets && /^\S+$/.test(row.cells[0] ?? ''))) return false;
  const cell = cellAt(row, isSame ? undefined : head, column);
  if (cell === undefined || cell === own || nothing.test(cell) || names.isName(cell)) return false;
  // A list of fields with their types has no header.
  const besides = [head.cells[column + 1], row.cells[column + 1]];
  return !besides.every((each) => each !== undefined && each !== '' && explains(each, names, around));
}

function isAnotherBeside({ own, names }: Table, row: Row, column: number): boolean {
  for (const cell of row.cells.slice(column + 1)) {
    if (cell === own) return false;
    if (nothing.test(cell) || inRequest.test(cell)) continue;
    return !explains(cell, names, around) && !names.isName(cell);
  }
  return false;
}

const inRequest =
  /^(?:yes|no|path|query|header|body|cookie|form(?:data)?|required|optional|[\u2713\u2714\u2717\u2718])$/i;

/** Short, and not a sentence. */
const isHead = (cell: string, { isLoose }: Row): boolean =>
  cell.length <= LONGEST_HEAD && !(isLoose && (/[.!]$/.test(cell) || cell.split(' ').length > 3));

/** The cell of a column. In an aligned row with missing cells, its position in the line decides. */
function cellAt(row: Row, head: Row | undefined, column: number): string | undefined {
  if (head?.offsets === undefined || row.offsets === undefined) return row.cells[column];
  const [from = 0, next = Number.POSITIVE_INFINITY] = head.offsets.slice(column, column + 2);
  const at = row.offsets.findIndex(
    (start, index) => start < next && start + (row.cells[index]?.length ?? 0) > from,
  );
  return at === -1 ? undefined : row.cells[at];
}

const fieldWord =
  /^(?:id|name|title|status|state|type|kind|email|url|key|description|\w+_(?:id|at|by|name|type))$|[a-z](?:Id|At|By)$/;

/** Checks a single column: the name alone on a line, and an id on each line below. */
function namesAnotherInColumn(text: string, own: string, names: ReplyNames): boolean {
  let state: 'none' | 'head' | 'rows' = 'none';
  let before = '';
  for (const line of text.split('\n')) {
    const cell = line.trim().replaceAll(/^["'`]|["'`]$/g, '');
    if (/^[-=+]+$/.test(cell) && cell.length > 1) continue;
    const isAlone = before === '' || /\s|[:`]$/.test(before);
    if (cell !== '' && names.isName(cell)) state = isAlone && !/[:.]$/.test(before) ? 'head' : 'none';
    else if (cell === '') state = state === 'head' ? 'head' : 'none';
    else if (state !== 'none') {
      const isRow = !/\s/.test(cell) || line.trim() !== cell;
      if (!isRow || (state === 'head' && fieldWord.test(cell)) || /^[`<#|]|[.:,;{]$/.test(cell))
        state = 'none';
      else if (cell !== own && !explains(cell, names, around)) return true;
      else state = 'rows';
    }
    before = cell;
  }
  return false;
}
