/** Where an input is wrong, and what was expected there; never the value that was sent. */
export type InputIssue = { readonly path: string; readonly expected: string };

export const REQUIRED = 'is required';

/** `limit: expected at least 1`, or `tags is required`. */
export function issueText({ path, expected }: InputIssue, root = ''): string {
  const place = path === '' ? root : path;
  if (place === '') return expected;
  return expected === REQUIRED ? `${place} ${expected}` : `${place}: ${expected}`;
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/** What a type is called: `a list` for `array`. */
export const typeNoun = (type: string): string => nouns[type] ?? `a ${type}`;

/** A type expected and another one found; what was found is named by its type alone. */
export function wrongType(expected: readonly string[], found: unknown): string {
  const wanted = `expected ${expected.map(typeNoun).join(' or ')}`;
  const got = kindOf(found);
  // A number that is not whole is told by what was expected.
  return expected.includes(got) || (got === 'number' && expected.some((type) => type.startsWith('int')))
    ? wanted
    : `${wanted}, not ${got === 'boolean' ? 'true or false' : typeNoun(got)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** `expected "a", "b" or "c"` */
export function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, MOST_VALUES).map((value) => JSON.stringify(value));
  if (values.length > MOST_VALUES) return `expected one of ${shown.join(', ')} and so on`;
  const last = shown.pop() ?? 'nothing';
  return shown.length === 0 ? `expected ${last}` : `expected ${shown.join(', ')} or ${last}`;
}

const MOST_VALUES = 40;

/** The unit in which the size of such a value is counted; none for numbers themselves. */
export function sized(type: string, count: number | bigint): string {
  const unit = units[type];
  return unit === undefined ? String(count) : `${count} ${unit}${Number(count) === 1 ? '' : 's'}`;
}

const units: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'item',
  set: 'item',
  object: 'field',
  map: 'entry',
};

/**
 * The alternatives of a union that each found something wrong: what they expect, joined, where all speak of the same
 * place; else the issues of the one that is closest to what was sent.
 */
export function nearestAlternative<Issue extends InputIssue>(
  alternatives: readonly (readonly Issue[])[],
): readonly (Issue | InputIssue)[] {
  const all = alternatives.flat();
  if (all.length > 0 && all.every(({ path }) => path === '')) {
    const each = [
      ...new Set(all.map(({ expected }) => expected.replace(/^expected /, '').replace(/, not .*$/, ''))),
    ];
    return [{ path: '', expected: `expected ${each.join(' or ')}` }];
  }
  const ranked = alternatives
    .filter((issues) => issues.length > 0)
    .toSorted((a, b) => distance(a) - distance(b));
  return ranked[0] ?? [{ path: '', expected: 'is not valid' }];
}

/** A field that is missed, or not known, says more against an alternative than one whose value is wrong. */
const distance = (issues: readonly InputIssue[]): number =>
  issues.reduce(
    (sum, { expected }) => sum + (expected === REQUIRED || expected.includes(' is unknown') ? 2 : 1),
    0,
  );
