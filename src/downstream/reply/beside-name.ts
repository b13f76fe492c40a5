import { AppError } from '../../errors.ts';
import { isSame, isScalar } from './organization-value.ts';
import type { ReplyNames } from './reply-names.ts';

/** An object or list of a reply, with its parent. */
export type Place = { readonly value: object; readonly depth: number; readonly holder: Place | undefined };

/** Whether a text that is the organisation's name has a foreign value beside it. One instance per reply. */
export type BesideName = (at: Place) => boolean;

/** Limit of inspected cells per reply, far above any real table. */
const MOST_LOOKS = 1_000_000;
/** How many levels above the list of column names the rows may be: `{ schema: { fields: [{ name }] }, rows }`. */
const MOST_HOLDERS = 4;

const valueKey =
  /^(?:values?|val|v|data|content|from|to|(?:old|new|string|current|previous)?_?values?|old|new|before|after|eq|equals|is)$/i;
const operator = /^(?:[=<>!~]{1,3}|eq|ne|neq|in|not[ _-]?in|is|like|ilike|equals|contains)$/i;
const cellKey = /^(?:v|value|val|f|cells?|c|row|values|data)$/i;

/**
 * Recognizes `{ name: 'organization_id', value }`, `{ columns, rows }`, a list of lists with a header row, and
 * `['organization_id', '=', …]`. True when the value that belongs to the name is another organisation's.
 *
 * @throws TENANT_MISMATCH for a reply with too many cells to inspect
 */
export function createBesideName(own: string, names: ReplyNames): BesideName {
  const seen = new WeakSet<object>();
  let looks = 0;
  const look = (): void => {
    looks += 1;
    if (looks > MOST_LOOKS) throw new AppError('TENANT_MISMATCH', { detail: { reason: 'too many columns' } });
  };
  const isName = (value: unknown): boolean => typeof value === 'string' && names.isName(value);
  const isOurs = (cell: unknown): boolean => {
    look();
    if (isScalar(cell))
      return cell === null || cell === undefined || cell === '' || isName(cell) || isSame(cell, own);
    return Object.values(cell as object).every((each) => isScalar(each) && isOurs(each));
  };
  const isColumnOurs = (rows: readonly unknown[], columns: readonly number[]): boolean =>
    rows.every((row) => {
      look();
      const cells = cellsOf(row);
      return columns.every((column) => column >= cells.length || isOurs(cells[column]));
    });
  const isTableOurs = (rows: readonly unknown[], columns: readonly number[]): boolean =>
    isColumnOurs(rows, columns) ||
    columns.every((column) => Array.isArray(rows[column]) && rows[column].every(isOurs));

  /** Rows are a sibling of the list of columns, or of one of its ancestors. */
  function areRowsOurs(list: Place, columns: readonly number[]): boolean {
    let holder = list.holder;
    for (let up = 0; holder !== undefined && up < MOST_HOLDERS; up += 1, holder = holder.holder) {
      if (Array.isArray(holder.value)) continue;
      for (const rows of Object.values(holder.value)) {
        look();
        if (rows === list.value || !Array.isArray(rows) || !isRow(rows[0])) continue;
        if (!isTableOurs(rows, columns)) return false;
      }
    }
    return true;
  }

  function isListOurs(place: Place, list: readonly unknown[]): boolean {
    const columns = list.flatMap((each, index) => (isName(each) ? [index] : []));
    const [first = 0] = columns;
    if (typeof list[first + 1] === 'string' && operator.test(String(list[first + 1]))) {
      return [list[first + 2]].flat().every(isOurs);
    }
    const outer = place.holder?.value;
    if (!Array.isArray(outer)) return areRowsOurs(place, columns);
    if (list.length === 2 && isSame(list[first + 1], own)) return true;
    const below = outer.slice(outer.indexOf(list) + 1).filter((row) => Array.isArray(row));
    looks += outer.length;
    if (below.length === 0 && list.length === 2 && outer.length > 1) return isOurs(list[first + 1]);
    return isColumnOurs(below, columns);
  }

  function isObjectOurs(place: Place): boolean {
    const fields = Object.entries(place.value).filter(([key]) => valueKey.test(key));
    if (!fields.every(([, value]) => [value].flat().every(isOurs))) return false;
    const list = place.holder;
    if (list === undefined || !Array.isArray(list.value) || seen.has(list.value)) return true;
    seen.add(list.value);
    const columns = list.value.flatMap((each: unknown, index) =>
      !isScalar(each) && Object.values(each as object).some(isName) ? [index] : [],
    );
    return areRowsOurs(list, columns);
  }

  return (place) => {
    if (seen.has(place.value)) return false;
    seen.add(place.value);
    look();
    return Array.isArray(place.value) ? !isListOurs(place, place.value) : !isObjectOurs(place);
  };
}

const isRow = (row: unknown): boolean =>
  Array.isArray(row) ||
  (!isScalar(row) &&
    Object.entries(row as object).some(([key, cells]) => cellKey.test(key) && Array.isArray(cells)));

/** The cells of a row that is a list, or an object with a list, as in BigQuery. */
function cellsOf(row: unknown): readonly unknown[] {
  if (Array.isArray(row)) return row;
  if (isScalar(row)) return [];
  const cells: unknown = Object.entries(row as object).find(
    ([key, held]) => cellKey.test(key) && Array.isArray(held),
  )?.[1];
  return Array.isArray(cells) ? cells : [];
}
