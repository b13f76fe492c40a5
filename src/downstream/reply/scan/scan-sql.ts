import { explains } from '../explained-field.ts';
import type { ReplyNames } from '../reply-names.ts';

const head = /\(([^()]{1,4000})\)\s{0,40}(?:output\b[^()]{0,200})?values\s{0,40}(?=\()/gi;
/** One value and its terminator: a quoted text, a call, or any other expression. */
const value =
  /\s{0,40}(?:[EN]?'((?:[^'\\]|''|\\.)*)'|([^,()']{0,300}(?:\([^()]{0,300}\))?))[^,()']{0,40}([,)])/giy;
const around = { isInCode: false, isAssigned: true };

/** Checks `INSERT INTO t (…, organization_id) VALUES (…, 'B')`, where the value is far from its name. */
export function namesAnotherInSql(text: string, own: string, names: ReplyNames): boolean {
  for (const found of text.matchAll(head)) {
    const columns = (found[1] ?? '')
      .split(',')
      .map((each) => each.trim().replaceAll(/^["'`[]|["'`\]]$/g, ''));
    const column = columns.findIndex((each) => names.isName(each));
    if (column === -1) continue;
    const rows = rowsAt(text, found.index + found[0].length);
    if (rows.some((row) => isAnother(row[column], own, names))) return true;
  }
  return false;
}

type Value = { readonly text: string; readonly isQuoted: boolean };

const isAnother = (given: Value | undefined, own: string, names: ReplyNames): boolean =>
  given !== undefined && given.text !== own && (given.isQuoted || !explains(given.text, names, around));

/** The rows of values from the `(` at `from` on: each in parentheses, separated by commas. */
function rowsAt(text: string, from: number): Value[][] {
  const rows: Value[][] = [];
  let at = from;
  while (text[at] === '(') {
    const row: Value[] = [];
    value.lastIndex = at + 1;
    let end: string | undefined = ',';
    while (end === ',') {
      const found = value.exec(text);
      if (found === null) return [...rows, row];
      const [all, quoted, bare = ''] = found;
      row.push({ text: quoted?.replaceAll("''", "'") ?? bare.trim(), isQuoted: quoted !== undefined });
      end = found[3];
      at = found.index + all.length;
    }
    rows.push(row);
    at += /^\s{0,40},?\s{0,40}/.exec(text.slice(at, at + 100))?.[0].length ?? 0;
  }
  return rows;
}
