import leven from 'leven';
import { redactKeys } from '../secrets/key-pattern.ts';
import { printable } from '../secrets/printable.ts';

const LONGEST_NAME = 64;
const MOST_EDITS = 3;
const LEAST_SIMILARITY = 0.4;
const MOST_SUGGESTED = 3;
const MOST_LISTED = 40;
const MOST_UNKNOWN = 5;
const MOST_READ = 1024;

/**
 * The names of `known` that the writer of `wanted` may have meant: the closest, and at most three. Give it only names
 * that this person may see.
 */
export function closeNames(wanted: string, known: readonly string[]): readonly string[] {
  // Nobody mistypes a name of this length, and comparing long texts takes long.
  if (wanted.length > LONGEST_NAME + MOST_EDITS) return [];
  const plain = plainOf(wanted);
  let least = MOST_EDITS;
  let closest: string[] = [];
  for (const name of new Set(known)) {
    // What is wrong by itself is no advice.
    if (name === wanted) continue;
    const edits = leven(plain, plainOf(name), { maxDistance: MOST_EDITS + 1 });
    const length = Math.max(plain.length, name.length);
    if (edits > least || (length - edits) / length <= LEAST_SIMILARITY) continue;
    closest = edits < least ? [name] : [...closest, name];
    least = edits;
  }
  return closest.slice(0, MOST_SUGGESTED);
}

/** Case and separators are what people get wrong first. */
const plainOf = (name: string): string => name.toLowerCase().replaceAll(/[-_.: ]+/g, '_');

/** `did you mean "query"?`; undefined where no name is close. */
function didYouMean(wanted: string, known: readonly string[]): string | undefined {
  const close = closeNames(wanted, known).map(quoted);
  return close.length === 0 ? undefined : `did you mean ${close.join(' or ')}?`;
}

/** The same behind what was said already: `; did you mean "query"?`, or nothing. */
export function hint(wanted: string, known: readonly string[]): string {
  const question = didYouMean(wanted, known);
  return question === undefined ? '' : `; ${question}`;
}

/** A name that somebody wrote, fit to be said again: short, on one line, and without a key in it. */
export function quoted(name: string): string {
  // What follows is never shown, however many keys before it are redacted: no cut leaves a part of one.
  const characters = [...printable(redactKeys(name.slice(0, MOST_READ)))];
  const cut = characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME).join('')}…` : undefined;
  return `"${cut ?? characters.join('')}"`;
}

/** Names in a row, as many as a person reads. */
export function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return more <= 0 ? names.join(', ') : `${names.slice(0, MOST_LISTED).join(', ')} and ${more} more`;
}

/** What is wrong with `wanted`, none of which is in `known`: `"qery" is unknown, did you mean "query"? Known: query, limit`. */
export function unknownNames(wanted: readonly string[], known: readonly string[]): string {
  const each = wanted.slice(0, MOST_UNKNOWN).map((name) => {
    const question = didYouMean(name, known);
    return `${quoted(name)} is unknown${question === undefined ? '' : `, ${question}`}`;
  });
  const more = wanted.length > MOST_UNKNOWN ? ` and ${wanted.length - MOST_UNKNOWN} more` : '';
  const said = each.join('; ') + more;
  const all = known.length === 0 ? 'No name is known here' : `Known: ${listed(known)}`;
  return `${said}${said.endsWith('?') ? '' : '.'} ${all}`;
}
