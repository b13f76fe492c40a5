import { hash } from 'node:crypto';

const graphemes = new Intl.Segmenter();
/** Beyond the cut, what is looked at to tell whether a character goes on there. */
const LOOKAHEAD = 64;

/**
 * The beginning of a text, of at most `most` code points, cut between two characters as people see them: never within
 * a surrogate pair, and not between a letter and its marks unless they alone are longer than that.
 */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  for (let count = 0; count < most && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  if (end >= text.length) return text;
  const start = graphemes.segment(text.slice(0, end + LOOKAHEAD)).containing(end)?.index ?? end;
  return text.slice(0, start === 0 ? end : start);
}

const MOST_CHANGE_BYTES = 2048;
/** Longer members of a change are the ones that are cut. */
const MOST_MEMBER_BYTES = 200;
/** How much of the members that are not cut stays beside the beginning of the whole. */
const MOST_SHORT_BYTES = 1024;

/**
 * A change as the audit keeps it, as JSON of at most 2 KB. A longer one is `{ …, cut, bytes, sha256 }`: its short
 * members, the beginning of its JSON, and the length and the SHA-256 (hex) of all of it.
 */
export function keptChange(change: Readonly<Record<string, unknown>>): string {
  const whole = JSON.stringify(change);
  const bytes = Buffer.byteLength(whole);
  if (bytes <= MOST_CHANGE_BYTES) return whole;
  const short = shortMembers(change);
  const rest = { bytes, sha256: hash('sha256', whole) };
  const withCut = (length: number): string =>
    JSON.stringify({ ...short, cut: cutText(whole, length), ...rest });
  // Quotes of the JSON are escaped anew within the text, so how much fits in is found by trying.
  let [fits, tooLong] = [0, MOST_CHANGE_BYTES];
  while (tooLong - fits > 1) {
    const length = Math.floor((fits + tooLong) / 2);
    if (Buffer.byteLength(withCut(length)) <= MOST_CHANGE_BYTES) fits = length;
    else tooLong = length;
  }
  return withCut(fits);
}

function shortMembers(change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const short: Record<string, unknown> = {};
  let left = MOST_SHORT_BYTES;
  for (const [name, value] of Object.entries(change)) {
    const bytes = Buffer.byteLength(JSON.stringify({ [name]: value }));
    if (bytes > MOST_MEMBER_BYTES || bytes > left) continue;
    short[name] = value;
    left -= bytes;
  }
  return short;
}
